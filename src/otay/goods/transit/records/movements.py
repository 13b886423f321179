"""Movements and all that belongs to them. What happened is in the events; a movement's row says where it stands."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Route(models.Model):
    """A prescribed route: a line of positions, never changed once a movement follows it."""

    name = models.CharField(_("name"), max_length=120)
    line = models.JSONField()  # [[lon, lat], ...]
    length_m = models.FloatField()
    source = models.CharField(_("source"), max_length=300, blank=True)
    stops = models.JSONField(default=list)  # places where stops are planned, as engines.transit.settings.Place
    in_library = models.BooleanField(_("offered for new movements"), default=True)
    made_by = models.CharField(max_length=64)
    made_at = models.DateTimeField()


class Movement(models.Model):
    """One shipment under one transit declaration. ``peer``: the neighbour's country when the movement began there."""

    mrn = models.CharField(_("movement reference number"), max_length=22, unique=True)
    lrn = models.CharField(_("local reference number"), max_length=22, blank=True)
    procedure = models.CharField(_("procedure"), max_length=4)
    type = models.CharField(_("declaration type"), max_length=5)
    state = models.CharField(_("state"), max_length=18)
    incidents = models.PositiveSmallIntegerField(_("incidents"), default=0)
    peer = models.CharField(max_length=8, blank=True)
    sender = models.CharField(max_length=64, blank=True)
    holder = models.CharField(_("holder of the procedure"), max_length=70)
    holder_id = models.CharField(_("identifier of the holder"), max_length=35)
    carrier = models.CharField(_("carrier"), max_length=35, blank=True)
    vehicle = models.CharField(_("vehicle"), max_length=35)
    container = models.CharField(_("container or trailer"), max_length=17, blank=True)
    departure = models.CharField(_("office of departure"), max_length=8)
    transit_offices = models.JSONField(_("offices of transit"), default=list)
    destination = models.CharField(_("office of destination"), max_length=8)
    arrived_office = models.CharField(_("office of arrival"), max_length=8, blank=True)
    offices = models.CharField(max_length=120)  # all of them with blanks between: what a port's officers search by
    countries = models.JSONField(_("countries of routing"), default=list)
    binding = models.BooleanField(_("binding itinerary"), default=True)
    route = models.ForeignKey(Route, models.PROTECT, null=True)
    rules = models.JSONField(default=dict)  # what differs from engines.transit.settings.TransitRules
    time_limit = models.DateTimeField(_("time limit"))
    gross_mass_kg = models.DecimalField(_("gross mass"), max_digits=16, decimal_places=3, null=True)
    lodged_at = models.DateTimeField(_("lodged"), db_index=True)
    departed_at = models.DateTimeField(_("departed"), null=True)
    arrived_at = models.DateTimeField(_("arrived"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    seals_good = models.BooleanField(null=True)
    conforms = models.BooleanField(null=True)
    reopened_at = models.DateTimeField(_("verdict re-opened"), null=True)
    shared_version = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("movement")
        verbose_name_plural = _("movements")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sender", "lrn"], condition=~models.Q(lrn="") & models.Q(peer=""), name="transit_one_lrn"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "time_limit"], name="transit_by_state"),
            models.Index(fields=["carrier"], name="transit_by_carrier"),
            models.Index(fields=["holder_id"], name="transit_by_holder"),
            models.Index(fields=["vehicle"], name="transit_by_vehicle"),
        ]


class ConsignmentLine(models.Model):
    """A line of the consignment; ``declaration`` is the number of the goods declaration that it stands for."""

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="lines")
    number = models.PositiveSmallIntegerField()
    hs6 = models.CharField(_("goods code"), max_length=6, blank=True)
    description = models.CharField(_("description"), max_length=280)
    packages = models.PositiveIntegerField(_("packages"), null=True)
    gross_mass_kg = models.DecimalField(_("gross mass"), max_digits=16, decimal_places=3, null=True)
    declaration = models.CharField(_("goods declaration"), max_length=70, blank=True, db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["movement", "number"], name="transit_one_line_number")]


class MovementEvent(models.Model):
    """Something that happened: ``at`` is when, ``recorded_at`` is when this node learnt of it. Append-only.

    ``side``: the country that recorded it. ``applied``: false for what the neighbour told and our state did not allow.
    """

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="events")
    step = models.CharField(max_length=18)
    message = models.CharField(max_length=10, blank=True)
    state = models.CharField(max_length=18)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.CharField(max_length=64)
    side = models.CharField(max_length=8)
    office = models.CharField(max_length=8, blank=True)
    detail = models.JSONField(default=dict)
    applied = models.BooleanField(default=True)


class Incident(models.Model):
    """One of at most nine incidents of a movement."""

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="incident_rows")
    number = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=1)
    text = models.CharField(max_length=512)
    at = models.DateTimeField()
    office = models.CharField(max_length=8, blank=True)
    place = models.CharField(max_length=120, blank=True)
    new_seals = models.JSONField(default=list)
    transhipment = models.JSONField(default=dict)
    endorsed_by = models.CharField(max_length=64, blank=True)
    continued_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["movement", "number"], name="transit_one_incident_number")
        ]


class Guarantee(models.Model):
    """What secures the duties: a reference with the amount that may be in use at one time."""

    grn = models.CharField(_("guarantee reference number"), max_length=24, unique=True)
    type = models.CharField(_("type"), max_length=1, default="1")
    holder_id = models.CharField(_("identifier of the holder"), max_length=35, db_index=True)
    guarantor = models.CharField(_("guarantor"), max_length=70)
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    valid_until = models.DateTimeField(_("valid until"), null=True)
    registered_at = models.DateTimeField()


class GuaranteeUse(models.Model):
    """A part of a guarantee taken by a movement, until it is released. ``guarantee`` is null while none holds."""

    movement = models.ForeignKey(Movement, models.PROTECT, related_name="guarantees")
    guarantee = models.ForeignKey(Guarantee, models.PROTECT, null=True, related_name="uses")
    grn = models.CharField(max_length=24)
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    currency = models.CharField(max_length=3)
    taken_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)


class Journey(models.Model):
    """Where a movement is, as last judged; made anew from reports and never the only place of anything."""

    movement = models.OneToOneField(Movement, models.CASCADE, primary_key=True, related_name="journey")
    judged_at = models.DateTimeField(null=True)
    check_at = models.DateTimeField(null=True, db_index=True)  # when time alone may change the judgement
    seen_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True, db_index=True)
    lat = models.FloatField(null=True)
    lon = models.FloatField(null=True)
    speed = models.FloatField(null=True)
    course = models.FloatField(null=True)
    battery = models.SmallIntegerField(null=True)
    off_m = models.FloatField(null=True)
    progress_m = models.FloatField(null=True)
    early = models.DateTimeField(null=True)
    likely = models.DateTimeField(null=True)
    late = models.DateTimeField(null=True)
    earlier_journeys = models.PositiveSmallIntegerField(null=True)  # that the expectation rests on; 0: the pace alone
    told_at = models.DateTimeField(null=True)  # of the last position that the neighbour was told
    risk = models.CharField(max_length=6, blank=True)
    open_alarms = models.PositiveIntegerField(default=0)


class JourneyProfile(models.Model):
    """How a movement that arrived went along its corridor, for the expectation of those that come after it.

    ``left``: seconds from the beginning of each section of the corridor to the arrival.
    """

    movement = models.OneToOneField(Movement, models.CASCADE, primary_key=True, related_name="profile")
    corridor = models.CharField(max_length=32)  # of the line, not of the route's row: others may prescribe the same
    arrived_at = models.DateTimeField()
    left = models.JSONField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["corridor", "-arrived_at"], name="transit_profile_corridor")]


class Standing(models.Model):
    """A stretch in which a movement stood: how two that stand together find one another among thousands."""

    movement = models.ForeignKey(Movement, models.CASCADE, related_name="standings")
    cell_x = models.IntegerField()
    cell_y = models.IntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["cell_x", "cell_y", "since"], name="transit_standing_cell")]


class MovementSeries(models.Model):
    """The last serial given in a year; locked while numbers are given."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.BigIntegerField(default=0)
