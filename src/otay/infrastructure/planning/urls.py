"""Pages of the planning room, below ``planning/``."""

from django.urls import path

from otay.infrastructure.planning.views import editor, measuring, ports, results, scenarios

app_name = "planning"

urlpatterns = [
    path("", ports.ports_page, name="ports"),
    path("explained/", ports.explained, name="explained"),
    path("ports/<slug:code>/", ports.port, name="port"),
    path("ports/<slug:code>/start/", ports.start, name="start"),
    path("ports/<slug:code>/observations/", measuring.observations, name="observations"),
    path("ports/<slug:code>/observations/file/", measuring.import_file, name="import_observations"),
    path("ports/<slug:code>/calibration/", measuring.calibration, name="calibration"),
    path("ports/<slug:code>/calibration/fit/", measuring.fit, name="fit"),
    path("scenarios/<slug:number>/", scenarios.scenario, name="scenario"),
    path("scenarios/<slug:number>/v<int:which>/", scenarios.version, name="version"),
    path("scenarios/<slug:number>/v<int:which>/file/", scenarios.file, name="file"),
    path("scenarios/<slug:number>/v<int:which>/upload/", scenarios.upload, name="upload"),
    path("scenarios/<slug:number>/v<int:which>/step/", scenarios.step, name="step"),
    path("scenarios/<slug:number>/v<int:which>/owner/", scenarios.hand_over, name="hand_over"),
    path("scenarios/<slug:number>/v<int:which>/run/", scenarios.run, name="start_run"),
    path("scenarios/<slug:number>/v<int:which>/search/", scenarios.search, name="start_search"),
    path("scenarios/<slug:number>/v<int:which>/copy/", scenarios.copy, name="copy"),
    path("scenarios/<slug:number>/v<int:which>/edit/", editor.edit, name="edit"),
    path("scenarios/<slug:number>/v<int:which>/edit/<slug:section>/", editor.edit, name="edit_section"),
    path("scenarios/<slug:number>/v<int:which>/lanes/", editor.lanes, name="lanes"),
    path("runs/<int:pk>/", results.run, name="run"),
    path("runs/<int:pk>/<slug:verb>/", results.change_run, name="change_run"),
    path("runs/<int:pk>/files/report.pdf", results.report, name="report"),
    path("runs/<int:pk>/files/results.<slug:kind>", results.export, name="export"),
    path("searches/<int:pk>/", results.search, name="search"),
    path("searches/<int:pk>/<slug:verb>/", results.change_search, name="change_search"),
    path("compare/", results.compare, name="compare"),
]
