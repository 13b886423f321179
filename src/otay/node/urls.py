"""Addresses of the node's pages."""

from django.urls import path, re_path

from otay.node import audit_views, views

app_name = "node"
urlpatterns = [
    path("account/", views.account, name="account"),
    path("people/", views.people, name="people"),
    path("people/<int:pk>/", views.person, name="person"),
    re_path(
        r"^people/(?P<pk>\d{1,18})/(?P<verb>give|take|deactivate|reset-factor)/$",
        views.change_person,
        name="change_person",
    ),
    path("programs/", views.clients, name="clients"),
    path("programs/<slug:key>/revoke/", views.revoke_client, name="revoke_client"),
    path("audit/", audit_views.audit_log, name="audit"),
    path("audit/verify/", audit_views.verify, name="verify_audit"),
    path("audit.csv", audit_views.audit_csv, name="audit_csv"),
    path("jobs/", views.jobs, name="jobs"),
    re_path(r"^jobs/(?P<pk>\d{1,18})/(?P<verb>cancel|resume)/$", views.change_job, name="change_job"),
]
