"""Which party sends for which carrier code."""

from __future__ import annotations

import re

from django.db import transaction

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.people.passengers.models import CarrierCode

REGISTER = "passengers.register_carriers"
_CODE = re.compile(r"[A-Z0-9]{2,3}")


@transaction.atomic
def register(*, actor: Actor, code: str, party: str) -> CarrierCode:
    """From now on only ``party`` sends for ``code``; registered anew, the code changes hands.

    Raises:
        Refused: when the code is none, or no party is named.
    """
    actor.require(REGISTER)
    plain, party = code.strip().upper(), party.strip()
    findings = []
    if not _CODE.fullmatch(plain):
        text = N_("A carrier code has two or three letters and digits (IATA or ICAO)")
        findings.append(error("/code", "passengers.carrier_code", text, code))
    if not party or len(party) > 64:
        findings.append(error("/party", "passengers.party", N_("Name the party in at most 64 characters"), party))
    if findings:
        raise Refused(N_("The carrier code cannot be registered"), findings=findings)
    values = {"party": party, "set_by": actor.key, "set_at": clock.now()}
    row, _new = CarrierCode.objects.update_or_create(code=plain, defaults=values)
    audit.record(actor=actor, action="passengers.carrier_registered", subject=f"carrier:{plain}", party=party)
    return row


@transaction.atomic
def withdraw(*, actor: Actor, code: str) -> bool:
    """The code belongs to nobody again; False if it did already."""
    actor.require(REGISTER)
    plain = code.strip().upper()
    gone, _details = CarrierCode.objects.filter(code=plain).delete()
    if gone:
        audit.record(actor=actor, action="passengers.carrier_withdrawn", subject=f"carrier:{plain}")
    return bool(gone)
