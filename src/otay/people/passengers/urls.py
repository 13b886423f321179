"""Pages of the passengers room, below ``passengers/``."""

from django.urls import path

from otay.people.passengers import views

app_name = "passengers"

urlpatterns = [
    path("", views.flights, name="flights"),
    path("flights/<int:pk>/", views.flight, name="flight"),
    path("travellers/<str:uid>/", views.traveller, name="traveller"),
    path("travellers/<str:uid>/decide/", views.decide, name="decide"),
    path("travellers/<str:uid>/matches/<int:hit>/", views.settle_match, name="settle_match"),
    path("decisions/<int:pk>/", views.confirm, name="confirm"),
    path("cases/", views.cases, name="cases"),
    path("messages/", views.messages_list, name="messages"),
    path("messages/<int:pk>/", views.message, name="message"),
    path("notices/", views.notices, name="notices"),
    path("carriers/", views.carriers, name="carriers"),
]
