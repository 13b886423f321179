"""Pages of the exchange."""

from django.urls import path

from otay.exchange import views

app_name = "exchange"
urlpatterns = [
    path("", views.console, name="console"),
    path("refused/", views.refused, name="refused"),
    path("reconcile/", views.reconcile, name="reconcile"),
    path("reconcile/<str:country>/", views.reconcile_now, name="reconcile_now"),
    path("agreements/", views.agreements, name="agreements"),
    path("agreements/<str:reference>/<int:version>/", views.agreement, name="agreement"),
    path("agreements/<str:reference>/<int:version>/state/", views.change_agreement, name="change_agreement"),
    path("agreements/<str:reference>/<int:version>/dry-run/", views.dry_run, name="dry_run"),
    path("peers/<str:country>/change/", views.change_peer, name="change_peer"),
    path("sent/", views.records, {"direction": "out"}, name="sent"),
    path("received/", views.records, {"direction": "in"}, name="received"),
    path("<str:direction>/<str:country>/<int:sequence>/", views.record, name="record"),
    path("<str:direction>/<str:country>/<int:sequence>/evidence/", views.evidence, name="evidence"),
]
