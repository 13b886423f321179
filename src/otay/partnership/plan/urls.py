"""Pages of the plan, below ``/plan/``."""

from django.urls import path

from otay.partnership.plan import views

app_name = "plan"
urlpatterns = [
    path("", views.plan, name="plan"),
    path("points/<int:number>/", views.point, name="point"),
    path("statement/", views.statement, name="statement"),
    path("statement.json", views.statement_json, name="statement_json"),
]
