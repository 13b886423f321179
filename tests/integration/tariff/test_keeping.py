"""Rates and lines as they are kept: whole or not at all, the same twice is nothing, a correction stays beside."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from factories import declarations, tariff
from otay.core.errors import Conflict, Forbidden, NotFound, Refused
from otay.goods.declarations.tariff import queries, services
from otay.goods.declarations.tariff.models import ExchangeRate, TableFile, TariffLine
from otay.node import audit, clock, roles
from otay.node.models import AuditEvent

pytestmark = pytest.mark.django_db


def told(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action).order_by("pk"))


def test_the_same_file_twice_changes_nothing() -> None:
    rows = ("MXN,2026-01-01,0.05", "CAD,2026-01-01,0.73")
    assert len(tariff.rates(*rows).fresh) == 2
    again = tariff.rates(*rows)
    assert (again.empty, again.same) == (True, 2)
    assert queries.version_of("rates") == 1
    assert len(told("tariff.rates_imported")) == 1


def test_a_correction_is_kept_beside_what_stood_and_audited_with_both() -> None:
    tariff.rates("MXN,2026-01-01,0.05", "MXN,2026-02-01,0.051")
    assert len(tariff.rates("MXN,2026-01-01,0.0525").changed) == 1
    old, new = queries.history("MXN")[2], queries.history("MXN")[1]
    assert (old.rate, new.rate) == (Decimal("0.05"), Decimal("0.0525"))
    assert old.replaced_at == new.recorded_at
    (event,) = told("tariff.rates_corrected")
    assert (event.detail["before"]["rate"], event.detail["after"]["rate"]) == ("0.05", "0.0525")
    assert event.subject == "tariff:rates:MXN:2026-01-01"
    assert audit.verify().whole
    known = queries.rates_for({"MXN"}, [date(2026, 1, 15)])
    assert known.at("MXN", date(2026, 1, 15)).rate.rate == Decimal("0.0525")  # type: ignore[union-attr]


def test_with_one_finding_nothing_of_a_file_is_written() -> None:
    with pytest.raises(Refused) as refused:
        tariff.rates("MXN,2026-01-01,0.05", "XQX,2026-01-01,1")
    assert [one.place for one in refused.value.findings] == ["line 3, currency"]
    assert not ExchangeRate.objects.exists()
    assert queries.version_of("rates") == 0


def test_a_duty_changes_from_a_day_on_where_the_earlier_line_is_ended() -> None:
    tariff.lines("520942,CN,2020-01-01,,7.5")
    with pytest.raises(Refused) as refused:
        tariff.lines("520942,CN,2026-01-01,,25")
    (found,) = refused.value.findings
    assert (found.rule, found.place) == ("tariff.overlap", "line 2, start")
    plan = tariff.lines("520942,CN,2020-01-01,2025-12-31,7.5", "520942,CN,2026-01-01,,25")
    assert (len(plan.fresh), len(plan.changed)) == (1, 1)
    days = [date(2025, 12, 31), date(2026, 1, 1)]
    known = queries.tariff_for(["52094201"], days)
    assert [known.take("52094201", "CN", day).line.ad_valorem for day in days] == [  # type: ignore[union-attr]
        Decimal("7.5"), 25
    ]  # fmt: skip
    assert len(queries.line_history("520942", "CN")) == 3


def test_what_is_looked_up_is_what_the_domain_would_take_from_all() -> None:
    tariff.lines("52,,2020-01-01,,12", "520942,MX,2020-01-01,,0", "52094201,,2020-01-01,,8", "520943,,2020-01-01,,1",
                 "85176201,,2020-01-01,,3", "85176202,,2020-01-01,,2")  # fmt: skip
    day = date(2026, 1, 1)

    def taken(hs: str, origin: str) -> tuple[str, str, bool]:
        found = queries.tariff_for([hs], [day]).take(hs, origin, day)
        assert found is not None
        return found.line.hs, found.line.origin, found.least

    assert taken("520942", "MX") == ("520942", "MX", False)
    assert taken("52094201", "MX") == ("52094201", "", False)
    assert taken("520899", "MX") == ("52", "", False)
    assert taken("851762", "MX") == ("85176202", "", True)
    assert queries.tariff_for(["010121"], [day]).take("010121", "MX", day) is None


def test_rates_that_are_read_for_some_days_are_those_that_hold_on_them() -> None:
    tariff.rates(*(f"MXN,2026-01-{day:02d},0.0{day:02d}" for day in range(1, 29)), "CAD,2026-01-20,0.7")
    known = queries.rates_for({"MXN", "CAD", "USD", ""}, [date(2026, 1, 10), date(2026, 1, 12)])
    assert [str(rate.since) for rate in known.rates if rate.currency == "MXN"] == [
        "2026-01-10", "2026-01-11", "2026-01-12"
    ]  # fmt: skip
    assert known.at("CAD", date(2026, 1, 12)) is None
    assert queries.rates_for({"USD"}, [date(2026, 1, 10)]).rates == ()


def test_a_file_is_looked_at_and_applied_as_it_was_shown() -> None:
    actor = tariff.keeper("officer:1")
    content = b"currency,since,rate\nMXN,2026-01-01,0.05\n"
    row = services.upload(actor=actor, table="rates", name="rates.csv", content=content, source="Invented gazette")
    shown = services.plan_file(row)
    assert (len(shown.fresh), shown.version, ExchangeRate.objects.count()) == (1, 0, 0)
    tariff.rates("MXN,2026-01-01,0.06")
    with pytest.raises(Conflict):
        services.apply_file(actor=actor, number=row.pk, version=shown.version)
    assert len(services.apply_file(actor=actor, number=row.pk, version=1).changed) == 1
    with pytest.raises(Conflict):
        services.apply_file(actor=actor, number=row.pk, version=2)
    assert queries.history("MXN")[0].rate == Decimal("0.05")


def test_a_file_that_another_one_sent_and_a_role_that_may_not() -> None:
    content = b"currency,since,rate\nMXN,2026-01-01,0.05\n"
    row = services.upload(actor=tariff.keeper("officer:1"), table="rates", name="a", content=content, source="Gazette")
    with pytest.raises(NotFound):
        services.apply_file(actor=tariff.keeper("officer:2"), number=row.pk, version=0)
    for role in (roles.SUPERVISOR, roles.PORT_OFFICER, roles.TRADER, roles.ADMINISTRATOR):
        actor = declarations.actor(role)
        with pytest.raises(Forbidden):
            services.upload(actor=actor, table="rates", name="a", content=content, source="Gazette")
        with pytest.raises(Forbidden):
            services.apply_file(actor=actor, number=row.pk, version=0)
        with pytest.raises(Forbidden):
            services.put_records(actor=actor, table="rates", records=[], source="Gazette")
    assert not ExchangeRate.objects.exists()


def test_a_file_left_lying_makes_room_for_the_next() -> None:
    for name in ("a", "b"):
        services.upload(actor=tariff.keeper("officer:1"), table="rates", name=name, content=b"x", source="Gazette")
    assert [row.name for row in TableFile.objects.all()] == ["b"]
    with pytest.raises(Refused):
        services.upload(actor=tariff.keeper(), table="rates", name="a", content=b"", source="Gazette")


def test_the_rates_of_a_day_name_each_currency_once() -> None:
    today = clock.now().date()
    tariff.rates(f"MXN,{today - timedelta(days=300)},0.05", f"MXN,{today},0.06", f"CAD,{today - timedelta(days=99)},1")
    assert [(row.currency, row.rate) for row in queries.rates_of_day(today)] == [("CAD", 1), ("MXN", Decimal("0.06"))]
    assert [row.currency for row in queries.rates_of_day(today - timedelta(days=200))] == ["MXN"]


def test_lines_by_code_show_what_is_above_and_below() -> None:
    tariff.lines("52,,2020-01-01,,12", "5209,,2020-01-01,,11", "520942,MX,2020-01-01,,0", "8517,,2020-01-01,,1")
    shown = [row.hs for row in queries.lines_of_day(date(2026, 1, 1), "5209")]
    assert shown == ["52", "5209", "520942"]
    assert TariffLine.objects.count() == 4
