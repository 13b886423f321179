"""Lists kept: imports with every finding, versions under four eyes, differences, old versions, who may what."""

import json

import pytest

from factories.watchlists import officer, watchlist
from otay.core.errors import Conflict, Forbidden, NotFound, Refused
from otay.node.models import AuditEvent, JobRun
from otay.screening.watchlists import Party, queries, screen, services
from otay.screening.watchlists.models import EntryVersion, ListedEntry, ListVersion

pytestmark = pytest.mark.django_db

ONE, TWO = officer("officer:1"), officer("officer:2")


def table(*rows: str) -> bytes:
    return "\n".join(["id,kind,given,surname1,surname2,birth_date,nationality,document", *rows]).encode()


ANA = "P-1,person,Ana Lucía,Ruiz,Téllez,1985-02-03,MX,G11112222"
LUIS = "P-2,person,Luis,Robles,Ibarra,1979-11-30,MX,"
FIRM = "O-1,organización,,Transportes Quetzal del Norte,,,MX,TQN010203AB1"


def propose(data: bytes, actor=ONE, **kwargs) -> ListVersion:
    return services.propose_file(
        actor=actor, watchlist="alerts", data=data, file_name="list.csv", why="Weekly file", **kwargs
    )


def test_a_version_does_nothing_until_a_second_person_puts_it_in_force() -> None:
    watchlist()
    made = propose(table(ANA, LUIS, FIRM))
    assert (made.added, made.changed, made.removed, made.total) == (3, 0, 0, 3)
    party = Party("traveller:1", given="Ana Lucia", surnames="Ruiz Tellez", birth_date="1985-02-03")
    assert screen([party]) == [[]]
    with pytest.raises(Conflict, match="second person"):
        services.activate(actor=ONE, version=made.pk)
    services.activate(actor=TWO, version=made.pk, note="Checked with the court")
    (found,) = screen([party])
    assert [(hit.entry, hit.version, hit.band) for hit in found] == [("P-1", 1, "strong")]
    assert JobRun.objects.get().arguments == {"version": made.pk}
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"screening.list_proposed", "screening.list_activated", "node.job_started"} <= actions


def test_the_next_import_shows_what_it_adds_changes_and_removes_and_old_versions_stay() -> None:
    watchlist()
    services.activate(actor=TWO, version=propose(table(ANA, LUIS, FIRM)).pk)
    second = propose(table(ANA.replace("1985-02-03", "1985-03-02"), FIRM, "P-3,person,Eva,Solís,Mena,,MX,"))
    assert (second.added, second.changed, second.removed, second.total) == (1, 1, 1, 3)
    told = {change.row.key: (change.row.kind, change.differences) for change in queries.changes(second)}
    assert told["P-3"][0] == "added"
    assert told["P-2"][0] == "removed"
    assert [(one.member, one.before, one.after) for one in told["P-1"][1]] == [
        ("birth_dates", "1985-02-03", "1985-03-02")
    ]
    services.activate(actor=TWO, version=second.pk)
    assert sorted(ListedEntry.objects.values_list("key", flat=True)) == ["O-1", "P-1", "P-3"]
    page = queries.entry("alerts", "P-1")
    assert page.in_force
    assert [row.number for row in page.history] == [2, 1]
    assert not queries.entry("alerts", "P-2").in_force
    assert ListVersion.objects.get(number=1).state == "replaced"


def test_an_update_leaves_other_entries_alone_and_the_same_file_changes_nothing() -> None:
    watchlist()
    services.activate(actor=TWO, version=propose(table(ANA, LUIS)).pk)
    with pytest.raises(Conflict, match="nothing to change"):
        propose(table(LUIS, ANA))
    made = propose(table(FIRM), mode="update")
    assert (made.added, made.removed, made.total) == (1, 0, 3)
    services.refuse(actor=TWO, version=made.pk, note="Not ours")
    assert ListedEntry.objects.count() == 2
    removal = services.propose_removal(actor=ONE, watchlist="alerts", keys=["P-1"], why="Order lifted")
    services.activate(actor=TWO, version=removal.pk)
    assert list(ListedEntry.objects.values_list("key", flat=True)) == ["P-2"]


def test_of_two_proposals_on_one_base_the_second_cannot_come_into_force() -> None:
    watchlist()
    first, second = propose(table(ANA)), propose(table(LUIS))
    services.activate(actor=TWO, version=first.pk)
    with pytest.raises(Conflict, match="import the file again"):
        services.activate(actor=TWO, version=second.pk)
    services.refuse(actor=ONE, version=second.pk, note="Will import again")
    with pytest.raises(Conflict, match="decided already"):
        services.refuse(actor=TWO, version=second.pk, note="Again")


def test_one_bad_row_refuses_the_file_with_every_finding_and_keeps_nothing() -> None:
    watchlist()
    bad = table(ANA, "P-1,person,Otra,Persona,,,MX,", "P-9,person,,,,,MX,", "P-8,robot,R2,D2,,,,", LUIS + ",extra")
    with pytest.raises(Refused) as refused:
        propose(bad)
    rules = {finding.rule for finding in refused.value.findings}
    assert rules == {"watchlist.key_twice", "watchlist.names", "watchlist.kind", "names.cells"}
    assert any("line 3" in finding.place for finding in refused.value.findings)
    assert not ListVersion.objects.exists()
    assert not EntryVersion.objects.exists()


def test_a_typed_entry_and_followthemoney_make_versions_too() -> None:
    watchlist()
    typed = services.propose_entries(
        actor=ONE,
        watchlist="alerts",
        entries=[{"key": "M-1", "names": ["Niña Perdida Inventada"], "category": "missing", "action": "Call 066"}],
        why="Missing since yesterday",
    )
    services.activate(actor=TWO, version=typed.pk)
    entity = {"id": "Q1", "schema": "Person", "properties": {"name": ["Inventado Uno"], "birthDate": ["1970"]}}
    made = propose(json.dumps(entity).encode(), mode="update")
    assert made.format == "ftm"
    assert queries.entry("alerts", "M-1").current.category == "missing"


def test_who_may_not_may_not() -> None:
    watchlist()
    looker = officer("officer:3", "screening.view_watchlists")
    made = propose(table(ANA))
    with pytest.raises(Forbidden):
        propose(table(LUIS), actor=looker)
    with pytest.raises(Forbidden):
        services.activate(actor=officer("officer:4", "screening.propose_entries"), version=made.pk)
    with pytest.raises(Forbidden):
        services.refuse(actor=officer("officer:4", "screening.propose_entries"), version=made.pk, note="x")
    with pytest.raises(NotFound):
        services.propose_file(actor=ONE, watchlist="none", data=b"", file_name="", why="x")
    with pytest.raises(Refused):
        propose(table(LUIS)[:0] + b"id,name\n1,x", mode="update") and services.propose_file(
            actor=ONE, watchlist="alerts", data=table(LUIS), file_name="", why=" "
        )
    assert ListVersion.objects.filter(state="active").count() == 0


def test_the_invented_lists_of_the_demo_are_made_once_and_marked() -> None:
    from django.conf import settings

    from otay.screening.watchlists import demo
    from otay.screening.watchlists.models import Watchlist

    demo.seed(settings.OTAY)
    demo.seed(settings.OTAY)
    assert Watchlist.objects.filter(invented=True, active__isnull=False).count() == 3
    party = Party("visitor:1", full_name="MARIA GUADALUPE DELAHOZ BERRUGUETE", birth_date="1983-12-01")
    assert [hit.entry for hit in screen([party])[0]] == ["INV-002"]
