"""What planners fill in beside the editor's own fields: files, observations, how often to play."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from otay.core.errors import Refused, TooLarge
from otay.core.findings import error
from otay.core.i18n import N_
from otay.infrastructure.planning.domain import MOST_REPLICATIONS, Method, Quality
from otay.infrastructure.planning.presenting import METHODS, QUALITIES

MOST_FILE = 2 * 1024 * 1024


class UploadForm(forms.Form):
    """A scenario file."""

    file = forms.FileField(label=_("Scenario file (JSON)"))

    @staticmethod
    def content(file: object) -> Any:
        """What the file holds as JSON parses it.

        Raises:
            TooLarge, Refused: when it is too large or no JSON.
        """
        if not isinstance(file, UploadedFile):
            raise Refused(N_("Choose one file"))
        if (file.size or 0) > MOST_FILE:
            raise TooLarge(N_("The scenario is larger than 2 MB"))
        try:
            return json.loads(file.read().decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError) as problem:
            place = f"line {problem.lineno}" if isinstance(problem, json.JSONDecodeError) else ""
            found = error(place, "scenario.json", N_("This is not JSON: %(reason)s"), reason=str(problem))
            raise Refused(N_("The scenario cannot be read"), findings=[found]) from None


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


class RunForm(forms.Form):
    """How often to play."""

    replications = forms.IntegerField(label=_("Replications"), min_value=2, max_value=MOST_REPLICATIONS, initial=20)


class ObservationForm(forms.Form):
    """One wait seen by a person."""

    lane = forms.CharField(label=_("Lane group"), max_length=60)
    at = forms.DateTimeField(
        label=_("When, in local time of the port"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    minutes = forms.FloatField(label=_("Wait in minutes"), min_value=0, max_value=1440)
    method = forms.ChoiceField(label=_("Method"), choices=[(one.value, METHODS[one]) for one in Method])
    quality = forms.ChoiceField(label=_("Quality"), choices=[(one.value, QUALITIES[one]) for one in Quality])
    lanes_open = forms.IntegerField(label=_("Lanes open, if known"), min_value=0, max_value=500, required=False)


class ObservationFileForm(forms.Form):
    """A file of waits."""

    file = forms.FileField(label=_("File of waits (CSV, or a feed of wait times in XML or JSON)"))
