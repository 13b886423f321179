"""Pages of the declarations room, below ``declarations/``."""

from django.urls import path

from otay.goods.declarations import views

app_name = "declarations"

urlpatterns = [
    path("", views.declarations, name="list"),
    path("lodge/", views.lodge, name="lodge"),
    path("queues/", views.queues, name="queues"),
    path("booth/", views.booth, name="booth"),
    path("booth/waiting/", views.booth_waiting, name="booth_waiting"),
    path("<str:number>/", views.declaration, name="declaration"),
    path("<str:number>/as-lodged/", views.as_lodged, name="as_lodged"),
    path("<str:number>/step/", views.step, name="step"),
]
