"""What officers and firms fill in. Rules of the procedure are the services' business; forms see to shape alone."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from otay.goods.transit import presenting
from otay.goods.transit.domain.alarm_life import HUMAN
from otay.goods.transit.domain.declared import Declared, Line, Security
from otay.goods.transit.domain.steps import Step
from otay.goods.transit.stepping import Asked

LINES = 5
_LOCAL = "%Y-%m-%dT%H:%M"


class StepForm(forms.Form):
    """One step of a movement with all that any step may need."""

    step = forms.ChoiceField(choices=[(step.value, step.value) for step in Step])
    office = forms.CharField(max_length=8, required=False)
    reason = forms.CharField(max_length=512, required=False)
    code = forms.ChoiceField(choices=[("", ""), *[(code, code) for code in presenting.SITUATIONS]], required=False)
    text = forms.CharField(max_length=512, required=False)
    place = forms.CharField(max_length=120, required=False)
    new_seals = forms.CharField(max_length=400, required=False)
    vehicle = forms.CharField(max_length=35, required=False)
    conforms = forms.ChoiceField(choices=[("", ""), ("yes", "yes"), ("no", "no")], required=False)
    seals_good = forms.ChoiceField(choices=[("", ""), ("yes", "yes"), ("no", "no")], required=False)
    remarks = forms.CharField(max_length=512, required=False)
    amount = forms.DecimalField(max_digits=16, decimal_places=2, min_value=0, required=False)
    currency = forms.RegexField(r"^[A-Z]{3}$", required=False)

    def asked(self) -> Asked:
        """The step; the form must be valid."""
        given: dict[str, Any] = dict(self.cleaned_data)
        given["step"] = Step(given["step"])
        given["new_seals"] = given["new_seals"].replace(",", " ").split()
        given["conforms"] = given["conforms"] == "yes"
        given["seals_good"] = {"yes": True, "no": False}.get(given["seals_good"])
        return Asked(**given)


class AlarmActForm(forms.Form):
    """An act on an alarm."""

    act = forms.ChoiceField(choices=[(act.value, act.value) for act in HUMAN])
    text = forms.CharField(max_length=500, required=False)
    assignee = forms.CharField(max_length=70, required=False)
    finding = forms.ChoiceField(choices=[("", ""), *presenting.ALARM_FINDINGS.items()], required=False)


class SuppressForm(forms.Form):
    """Alarms of a movement that do not ring for some hours."""

    kind = forms.ChoiceField(choices=[("", ""), *presenting.KINDS.items()], required=False)
    reason = forms.CharField(max_length=300)
    hours = forms.IntegerField(min_value=1, max_value=24)


class GateForm(forms.Form):
    """What an officer does to a seal at the gate."""

    act = forms.ChoiceField(choices=[(name, name) for name in ("verify", "affix", "remove")])
    mrn = forms.CharField(max_length=22)
    identifier = forms.CharField(max_length=40)
    office = forms.CharField(max_length=8, required=False)
    intact = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")], required=False)
    remarks = forms.CharField(max_length=300, required=False)
    lat = forms.FloatField(min_value=-89.9, max_value=89.9, required=False)
    lon = forms.FloatField(min_value=-180, max_value=180, required=False)
    photo = forms.FileField(required=False)

    def clean(self) -> dict[str, Any]:
        """A seal that is verified was looked at: nothing is taken for intact unsaid."""
        given = super().clean() or self.cleaned_data
        if given.get("act") == "verify" and not given.get("intact"):
            self.add_error("intact", "required to verify a seal")
        return given


class SealForm(forms.Form):
    """A seal for the register."""

    identifier = forms.CharField(label=_("Seal number"), max_length=20)
    iso17712 = forms.ChoiceField(label=_("ISO 17712 class"), choices=list(presenting.SEAL_CLASSES.items()))
    maker = forms.CharField(label=_("Maker"), max_length=60, required=False)
    model = forms.CharField(label=_("Model"), max_length=40, required=False)
    serial = forms.CharField(label=_("Serial number"), max_length=40, required=False)
    device_id = forms.CharField(label=_("Device (electronic seals)"), max_length=64, required=False)
    report_interval_s = forms.IntegerField(
        label=_("Reporting interval, seconds"), min_value=5, max_value=86_400, required=False
    )
    custody = forms.CharField(label=_("In the hands of"), max_length=70, required=False)


class RouteForm(forms.Form):
    """A route, drawn or typed (a position a line: latitude, longitude), or as a GeoJSON file."""

    name = forms.CharField(label=_("Name"), max_length=120)
    positions = forms.CharField(max_length=500_000, required=False)
    file = forms.FileField(required=False)

    def line(self) -> list[tuple[float, float]]:
        """The typed positions as longitude and latitude.

        Raises:
            ValueError: naming the line that is none.
        """
        found = []
        for number, text in enumerate(self.cleaned_data["positions"].splitlines(), 1):
            if not text.strip():
                continue
            try:
                lat, lon = (float(part) for part in text.replace(";", ",").split(","))
                if not (abs(lat) < 89.9 and abs(lon) <= 180):
                    raise ValueError
            except ValueError:
                raise ValueError(number) from None
            found.append((lon, lat))
        return found


class MovementForm(forms.Form):
    """A transit declaration."""

    lrn = forms.CharField(label=_("Local reference number"), max_length=22)
    type = forms.ChoiceField(label=_("Declaration type"), choices=[(one, one) for one in ("T1", "T2", "T", "TIR")])
    holder = forms.CharField(label=_("Holder of the procedure"), max_length=70)
    holder_id = forms.CharField(label=_("Identifier of the holder"), max_length=35)
    carrier = forms.CharField(label=_("Carrier"), max_length=35, required=False)
    vehicle = forms.CharField(label=_("Vehicle (plate)"), max_length=35)
    container = forms.CharField(label=_("Container or trailer"), max_length=17, required=False)
    departure = forms.CharField(label=_("Office of departure"), max_length=8)
    crossing = forms.CharField(label=_("Office of transit (border)"), max_length=8, required=False)
    destination = forms.CharField(label=_("Office of destination"), max_length=8)
    route = forms.IntegerField(label=_("Prescribed route"), required=False)
    binding = forms.BooleanField(label=_("The itinerary is binding"), required=False)
    pre_lodged = forms.BooleanField(label=_("Lodged before the goods are presented"), required=False)
    time_limit = forms.DateTimeField(label=_("Time limit"), input_formats=[_LOCAL, "%Y-%m-%d %H:%M"])
    grn = forms.CharField(label=_("Guarantee reference number"), max_length=24, required=False)
    amount = forms.DecimalField(
        label=_("Amount to cover"), max_digits=16, decimal_places=2, min_value=0, required=False
    )
    currency = forms.RegexField(r"^[A-Z]{3}$", label=_("Currency"), required=False, initial="USD")

    def rows(self) -> list[dict[str, str]]:
        """The lines as they were typed."""
        names = ("hs6", "description", "packages", "mass", "declaration")
        return [{name: self.data.get(f"line-{index}-{name}", "").strip() for name in names} for index in range(LINES)]

    def declared(self, zone: str) -> Declared:
        """The declaration; the form must be valid. The time limit is read in ``zone``."""
        given = self.cleaned_data
        limit: datetime = given["time_limit"]
        local = timezone.make_naive(limit, UTC).replace(tzinfo=ZoneInfo(zone or "UTC"))
        kind = given["type"]
        securities = [Security(given["grn"], given["amount"], given["currency"] or "USD")] if given["grn"] else []
        return Declared(
            lrn=given["lrn"], procedure="tir" if kind == "TIR" else "ncts", type=kind, pre_lodged=given["pre_lodged"],
            holder=given["holder"], holder_id=given["holder_id"], carrier=given["carrier"], vehicle=given["vehicle"],
            container=given["container"], departure=given["departure"].upper(),
            transit_offices=[given["crossing"].upper()] if given["crossing"] else [],
            destination=given["destination"].upper(), route_id=given["route"], binding=given["binding"],
            time_limit=local.astimezone(UTC), lines=[_line(row) for row in self.rows() if any(row.values())],
            securities=[one for one in securities if one.amount is not None],
        )  # fmt: skip


def _line(row: dict[str, str]) -> Line:
    mass = row["mass"].replace(",", ".")
    return Line(
        row["description"][:280], row["hs6"], int(row["packages"]) if row["packages"].isdecimal() else None,
        Decimal(mass) if mass.replace(".", "", 1).isdecimal() else None, row["declaration"],
    )  # fmt: skip
