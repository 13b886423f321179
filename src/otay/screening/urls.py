"""Pages of screening, below ``/screening/``."""

from django.urls import path

from otay.screening import views

app_name = "screening"
urlpatterns = [
    path("", views.rules, name="rules"),
    path("<str:kind>/rules/<slug:key>/", views.rule, name="rule"),
    path("<str:kind>/propose/", views.propose, name="propose"),
    path("<str:kind>/retire/<slug:key>/", views.retire, name="retire"),
    path("<str:kind>/policy/", views.policy, name="policy"),
    path("policies/<int:pk>/decide/", views.decide_policy, name="decide_policy"),
    path("proposals/<int:pk>/decide/", views.decide, name="decide"),
    path("assessments/<int:pk>/", views.assessment, name="assessment"),
]
