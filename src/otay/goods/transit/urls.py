"""Pages of the transit room, below ``transit/``."""

from django.urls import path

from otay.goods.transit.views import alarms, control, gate, movements, routes, seals

app_name = "transit"

urlpatterns = [
    path("", control.room, name="control"),
    path("moving/", control.moving, name="moving"),
    path("queue/", control.queue, name="queue"),
    path("feed.json", control.feed, name="feed"),
    path("stream/", control.stream, name="stream"),
    path("map.svg", control.picture, name="picture"),
    path("movements/", movements.movements, name="movements"),
    path("movements/new/", movements.new, name="new"),
    path("movements/<str:mrn>/", movements.movement, name="movement"),
    path("movements/<str:mrn>/step/", movements.step, name="step"),
    path("movements/<str:mrn>/suppress/", movements.suppress, name="suppress"),
    path("movements/<str:mrn>/evidence/", movements.evidence_file, name="evidence"),
    path("movements/<str:mrn>/replay/", movements.replay, name="replay"),
    path("movements/<str:mrn>/track.json", movements.track, name="track"),
    path("movements/<str:mrn>/messages/<int:event>.xml", movements.message, name="message"),
    path("alarms/<int:number>/", alarms.alarm, name="alarm"),
    path("alarms/<int:number>/act/", alarms.act, name="act"),
    path("gate/", gate.gate, name="gate"),
    path("gate/act/", gate.act, name="gate_act"),
    path("seals/", seals.seals, name="seals"),
    path("seals/check/", seals.log_check, name="log_check"),
    path("seals/<str:identifier>/", seals.seal, name="seal"),
    path("seals/<str:identifier>/keep/", seals.keep, name="keep"),
    path("photos/<str:digest>/", seals.photo, name="photo"),
    path("routes/", routes.routes, name="routes"),
    path("routes/<int:number>.geojson", routes.route, name="route"),
]
