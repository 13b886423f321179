"""Whatever officers, firms and neighbours try in whatever order: the stored movement goes where the table leads."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from factories import transit_room as made
from otay.core.errors import OtayError
from otay.engines.transit.procedure import FINAL, Standing, State, advance
from otay.goods.transit.domain.steps import Step, message_of
from otay.goods.transit.models import GuaranteeUse, Movement, MovementEvent
from otay.goods.transit.services import lodging, sealing
from otay.goods.transit.stepping import Asked, take

OFFICER = made.transit_officer()
STEPS = [step for step in Step if step not in (Step.LODGE, Step.PRE_LODGE, Step.ACCEPT, Step.GUARANTEE_INVALID)]


class Procedure(RuleBasedStateMachine):
    """One movement, and a model of it that knows only the table."""

    @initialize(pre_lodged=st.booleans(), covered=st.booleans())
    def lodge(self, pre_lodged: bool, covered: bool) -> None:
        grn = "GRN-1" if covered else "GRN-UNKNOWN"
        securities = (made.Security(grn, made.Decimal(1000), "USD"),)
        self.row = made.lodged(pre_lodged=pre_lodged, securities=securities)
        self.covered = covered
        self.model = Standing("ncts", State(self.row.state))

    @rule(step=st.sampled_from(STEPS), good=st.booleans(), office=st.sampled_from(["", made.LAREDO, made.MONTERREY]))
    def try_step(self, step: Step, good: bool, office: str) -> None:
        words: dict[str, Any] = {"reason": "because", "remarks": "as seen"} if good else {}
        if step is Step.INCIDENT:
            words = {"code": "5", "text": "Accident"} if good else {"code": "2", "text": "Accident"}
        asked = Asked(step, office=office, conforms=good, seals_good=good, **words)
        before = (self.row.state, MovementEvent.objects.filter(movement=self.row).count())
        try:
            take(actor=OFFICER, mrn=self.row.mrn, asked=asked)
        except OtayError:
            self.row.refresh_from_db()
            assert (self.row.state, MovementEvent.objects.filter(movement=self.row).count()) == before
            return
        self.row.refresh_from_db()
        self.model = advance(self.model, message_of("ncts", step))
        if step is Step.PRESENT and not self.covered:
            self.model = advance(self.model, "IE055")

    @rule()
    def seal(self) -> None:
        try:
            sealing.affix_seal(actor=OFFICER, mrn=self.row.mrn, identifier=made.seal())
        except OtayError:
            assert self.row.ended_at is not None

    @invariant()
    def stored_is_the_model(self) -> None:
        if not hasattr(self, "row"):
            return
        row = Movement.objects.get(pk=self.row.pk)
        assert (row.state, row.incidents) == (self.model.state, self.model.incidents)
        assert (row.ended_at is not None) == (self.model.state in FINAL)
        assert MovementEvent.objects.filter(movement=row).order_by("-pk").first().state == row.state
        if row.state in ("in_transit", "incident"):
            assert row.departed_at is not None or row.incidents
        held = GuaranteeUse.objects.filter(movement=row, taken_at__isnull=False, released_at__isnull=True).exists()
        assert held == (self.covered and row.state != "pre_lodged" and self.model.state not in FINAL)

    def teardown(self) -> None:
        if hasattr(self, "row"):
            assert sealing.log_holds() is None
            assert lodging.in_use(made_guarantee()) >= 0


def made_guarantee() -> Any:
    from otay.goods.transit.models import Guarantee

    return Guarantee.objects.get(grn="GRN-1")


@pytest.mark.django_db
def test_the_stored_machine() -> None:
    run_state_machine_as_test(
        Procedure,
        settings=settings(
            max_examples=5, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
