"""Pages of the investigations room, below ``investigations/``."""

from django.urls import path

from otay.goods.investigations.views import cases, seizures, selection, workbench

app_name = "investigations"

urlpatterns = [
    path("", selection.morning_list, name="morning"),
    path("declarations/<str:number>/", selection.dossier, name="dossier"),
    path("declarations/<str:number>/outcome/", selection.record_outcome, name="record_outcome"),
    path("declarations/<str:number>/waive/", selection.waive, name="waive"),
    path("findings/", selection.finding_list, name="findings"),
    path("findings/<int:pk>/review/", selection.review_finding, name="review_finding"),
    path("evaluation/", selection.weekly, name="evaluation"),
    path("overrides/<int:pk>/review/", selection.review_override, name="review_override"),
    path("plans/", selection.plans, name="plans"),
    path("trusted/", selection.trusted, name="trusted"),
    path("explained/", selection.explained, name="explained"),
    path("models/", selection.models, name="models"),
    path("workbench/", workbench.workbench, name="workbench"),
    path("workbench/export/", workbench.export, name="export"),
    path("cases/", cases.case_list, name="cases"),
    path("cases/new/", cases.new_case, name="new_case"),
    path("cases/<str:reference>/", cases.case, name="case"),
    path("cases/<str:reference>/act/", cases.act, name="act"),
    path("cases/<str:reference>/evidence/<int:number>/", cases.hand_out, name="evidence"),
    path("seizures/", seizures.register, name="seizures"),
    path("seizures/new/", seizures.new_seizure, name="new_seizure"),
    path("seizures/<str:reference>/", seizures.seizure, name="seizure"),
    path("seizures/<str:reference>/step/", seizures.step, name="seizure_step"),
]
