"""URLs of a node: the home page, sign-in, the API, and what each room registered."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from otay.node import registry
from otay.web import views
from otay.web.api import api
from otay.web.api_docs import api_docs

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("live/", views.live, name="live"),
    path("about/", views.about, name="about"),
    path("language/", views.set_language, name="set_language"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/docs/", api_docs, name="api_docs"),
    path("api/v1/", api.urls),
    *(path(pages.prefix, include(pages.urlconf)) for pages in registry.pages),
]

handler400 = "otay.web.errors.bad_request"
handler403 = "otay.web.errors.forbidden"
handler404 = "otay.web.errors.not_found"
handler429 = "otay.web.errors.too_many"
handler500 = "otay.web.errors.failed"
