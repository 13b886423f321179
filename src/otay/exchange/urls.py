"""Pages of the exchange."""

from django.urls import path

from otay.exchange.views import consents, console, searching

app_name = "exchange"
urlpatterns = [
    path("", console.console, name="console"),
    path("refused/", console.refused, name="refused"),
    path("search/", searching.search, name="search"),
    path("evidence/", searching.check_evidence, name="check_evidence"),
    path("consents/", consents.consents, name="consents"),
    path("consents/give/", consents.give, name="give_consent"),
    path("consents/<int:number>/withdraw/", consents.withdraw, name="withdraw_consent"),
    path("reconcile/", console.reconcile, name="reconcile"),
    path("reconcile/<str:country>/", console.reconcile_now, name="reconcile_now"),
    path("agreements/", console.agreements, name="agreements"),
    path("agreements/<str:reference>/<int:version>/", console.agreement, name="agreement"),
    path("agreements/<str:reference>/<int:version>/state/", console.change_agreement, name="change_agreement"),
    path("agreements/<str:reference>/<int:version>/dry-run/", console.dry_run, name="dry_run"),
    path("peers/<str:country>/change/", console.change_peer, name="change_peer"),
    path("sent/", console.records, {"direction": "out"}, name="sent"),
    path("received/", console.records, {"direction": "in"}, name="received"),
    path("<str:direction>/<str:country>/<int:sequence>/", console.record, name="record"),
    path("<str:direction>/<str:country>/<int:sequence>/evidence/", console.evidence, name="evidence"),
]
