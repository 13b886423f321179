"""Pages of watchlists, below ``/watchlists/``."""

from django.urls import path, re_path

from otay.screening.watchlists import views

app_name = "watchlists"
urlpatterns = [
    path("", views.lists, name="lists"),
    path("new/", views.open_list, name="open"),
    path("hits/", views.hits, name="hits"),
    path("hits/<int:pk>/", views.hit, name="hit"),
    path("cleared/", views.cleared, name="cleared"),
    path("cleared/<int:pk>/revoke/", views.revoke, name="revoke"),
    path("correction/", views.correction, name="correction"),
    path("redress/", views.redress, name="redress"),
    path("redress/new/", views.record_redress, name="record_redress"),
    path("redress/<str:reference>/", views.redress_request, name="redress_request"),
    path("<slug:key>/", views.watchlist, name="list"),
    path("<slug:key>/import/", views.import_file, name="import"),
    path("<slug:key>/imports/<int:number>/", views.taken, name="taken"),
    re_path(
        r"^(?P<key>[-\w]+)/imports/(?P<number>\d{1,18})/(?P<verb>cancel|resume)/$",
        views.change_import,
        name="change_import",
    ),
    path("<slug:key>/add/", views.add_entry, name="add"),
    path("<slug:key>/entries/<path:entry>", views.entry, name="entry"),
    path("<slug:key>/remove/", views.remove_entry, name="remove"),
    path("<slug:key>/versions/<int:number>/", views.version, name="version"),
    path("<slug:key>/versions/<int:number>/decide/", views.decide, name="decide"),
]
