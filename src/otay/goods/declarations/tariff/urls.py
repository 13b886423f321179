"""Pages of rates and tariff, below ``tariff/``."""

from django.urls import path

from otay.goods.declarations.tariff import views

app_name = "tariff"

urlpatterns = [
    path("", views.rates, name="rates"),
    path("lines/", views.lines, name="lines"),
    path("files/", views.files, name="files"),
    path("files/<int:number>/", views.file, name="file"),
    path("explained/", views.explained, name="explained"),
]
