"""Files in the background: refused at the door or kept at once, read by a job, whole or not at all."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from factories.node import bearer, make_actor, make_person, make_token, signed_in
from factories.watchlists import watchlist, work_off_jobs
from otay.core.errors import Conflict, Forbidden, Refused
from otay.node import jobs
from otay.node.accounts import actor_of_user
from otay.node.actors import Actor
from otay.node.clock import real_now
from otay.node.models import AuditEvent, JobRun
from otay.screening.watchlists import importing, services
from otay.screening.watchlists.models import EntryVersion, ListImport, ListVersion

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = b"id,name,birth_date\n"
GOOD = HEADER + b"P-1,Rosa Medina,1990-07-01\nP-2,Luis Robles,1980\n"


def send(actor: Actor, data: bytes = GOOD, **kwargs: str) -> ListImport:
    return importing.take_file(
        actor=actor, watchlist="alerts", data=data, file_name="list.csv", why="Weekly file", **kwargs
    )


def the_import() -> ListImport:
    return importing.import_of("alerts", ListImport.objects.get().pk)


def test_a_file_is_kept_at_once_and_becomes_a_version_in_the_background() -> None:
    watchlist()
    row = send(make_actor("targeting"))
    assert (row.state, row.size, ListVersion.objects.count()) == ("queued", len(GOOD), 0)
    work_off_jobs()
    row = the_import()
    assert row.state == "proposed"
    assert row.version is not None
    assert (row.version.number, row.version.added, row.version.why) == (1, 2, "Weekly file")
    assert bytes(row.version.digest) == bytes(row.digest)
    kept = ListImport.objects.get()
    assert bytes(kept.data) == b"", "the file itself goes once its entries are kept"
    assert JobRun.objects.get().result == {"list": "alerts", "version": 1}
    assert row.job is not None
    assert (row.job.done, row.job.percent) == (3, 100)
    assert AuditEvent.objects.get(action="screening.list_proposed").actor == row.asked_by


def test_a_wrong_row_refuses_the_file_with_every_finding_and_writes_nothing() -> None:
    watchlist()
    send(make_actor("targeting"), GOOD + b"P-1,Twice\nP-3,\n")
    work_off_jobs()
    row = the_import()
    assert row.state == "refused"
    assert {one["rule"] for one in row.findings} == {"names.cells"}
    assert len(row.findings) == 2
    assert not ListVersion.objects.exists()
    assert not EntryVersion.objects.exists()
    assert JobRun.objects.get().state == JobRun.State.DONE, "what is wrong with a file is no failure of the job"
    assert AuditEvent.objects.filter(action="screening.list_not_taken").count() == 1
    send(make_actor("targeting"), GOOD)
    work_off_jobs()
    assert ListVersion.objects.get().added == 2


@pytest.mark.parametrize(
    ("data", "format", "rule"),
    [
        (b"", "", "watchlist.empty"),
        (b" \n\t ", "", "watchlist.empty"),
        (b"PK\x03\x04" + b"x" * 50, "", "watchlist.type"),
        (b"%PDF-1.7\n", "csv", "watchlist.type"),
        (b"<html></html>", "", "watchlist.type"),
        ("id,name\n".encode("utf-16"), "", "watchlist.type"),
        (b"id,name\0\n", "", "watchlist.type"),
        (b"a,b\n1,2\n", "", "names.columns"),
        (b"name,name\n1,2\n", "", "names.column_twice"),
        (b"id,name\n1,2\n", "json", "watchlist.json"),
        (b"id,name\n1,2\n", "xlsx", "watchlist.format"),
    ],
)
def test_what_cannot_be_a_list_is_refused_at_the_door(data: bytes, format: str, rule: str) -> None:
    watchlist()
    with pytest.raises(Refused) as refused:
        send(make_actor("targeting"), data, format=format)
    assert [finding.rule for finding in refused.value.findings] == [rule]
    assert not ListImport.objects.exists()
    assert not JobRun.objects.exists()


def test_a_file_that_is_too_large_is_refused_at_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    watchlist()
    monkeypatch.setattr("otay.screening.watchlists.reading.MAX_BYTES", 10)
    with pytest.raises(Refused) as refused:
        send(make_actor("targeting"))
    assert refused.value.findings[0].rule == "watchlist.size"


def test_the_same_file_is_not_read_twice_at_once_and_nobody_fills_the_queue() -> None:
    watchlist()
    one = make_actor("targeting")
    send(one)
    with pytest.raises(Conflict, match="already"):
        send(make_actor("targeting"))
    for number in range(importing.MOST_WAITING - 1):
        send(one, GOOD + f"P-{number + 5},Somebody Else,\n".encode())
    with pytest.raises(Conflict, match="let one end"):
        send(one, GOOD + b"P-99,Somebody Else,\n")
    with pytest.raises(Forbidden):
        send(make_actor("auditor"))


def test_a_run_whose_process_died_is_taken_again_and_makes_one_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_running_here", {})
    watchlist()
    row = send(make_actor("targeting"))
    silent = real_now() - timedelta(minutes=5)
    for lost in range(1, importing.RETAKES + 1):
        JobRun.objects.update(state=JobRun.State.RUNNING, heartbeat_at=silent)
        jobs.beat()
        jobs.beat()
        run = JobRun.objects.get()
        assert (run.state, run.lost) == (JobRun.State.QUEUED, lost)
    work_off_jobs()
    assert the_import().state == "proposed"
    JobRun.objects.update(state=JobRun.State.QUEUED)  # the process that was thought dead was only slow
    jobs.execute(JobRun.objects.get().pk)
    assert ListVersion.objects.count() == 1
    assert JobRun.objects.get().result == {"list": "alerts", "version": 1}
    assert the_import().pk == row.pk


def test_what_kills_every_process_is_not_taken_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_running_here", {})
    watchlist()
    actor = make_actor("targeting")
    row = send(actor)
    for _ in range(importing.RETAKES + 1):
        JobRun.objects.update(state=JobRun.State.RUNNING, heartbeat_at=real_now() - timedelta(minutes=5))
        jobs.beat()
    assert the_import().state == "interrupted"
    importing.resume(actor=actor, key="alerts", pk=row.pk)
    work_off_jobs()
    assert the_import().state == "proposed"


def test_a_death_while_the_version_is_written_leaves_nothing_half_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies at each step of the writing in turn; what it wrote goes with its transaction."""
    watchlist()
    send(make_actor("targeting"))

    class Died(BaseException):
        pass

    def die(*args: object, **kwargs: object) -> None:
        raise Died

    for target in ("_new_versions", "audit.record", "EntryChange.objects.bulk_create"):
        with monkeypatch.context() as patched:
            patched.setattr(f"otay.screening.watchlists.services.{target}", die)
            with pytest.raises(Died):
                jobs.execute(JobRun.objects.get().pk)
        assert not EntryVersion.objects.exists(), target
        assert not ListVersion.objects.exists(), target
        assert ListImport.objects.get().outcome == "waiting", target
        JobRun.objects.update(state=JobRun.State.QUEUED)
    jobs.execute(JobRun.objects.get().pk)
    assert the_import().state == "proposed"


def test_a_stopped_reading_keeps_nothing_and_may_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    watchlist()
    actor = make_actor("targeting")
    row = send(actor)
    monkeypatch.setattr(jobs, "WRITE_EVERY_SECONDS", 0.0)
    stopped = JobRun.objects.filter(pk=row.job.pk)  # type: ignore[union-attr]
    begun = jobs.progress

    def cancelled_meanwhile(run: JobRun, *args: int) -> None:
        stopped.update(cancel_asked=True)
        begun(run, *args)

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "progress", cancelled_meanwhile)
        jobs.execute(stopped.get().pk)
    assert the_import().state == "cancelled"
    assert not EntryVersion.objects.exists()
    importing.resume(actor=actor, key="alerts", pk=row.pk)
    work_off_jobs()
    assert the_import().state == "proposed"
    with pytest.raises(Conflict):
        importing.cancel(actor=actor, key="alerts", pk=row.pk)


def test_who_may_not_propose_any_more_by_then_proposes_nothing() -> None:
    watchlist()
    person = make_person("targeting")
    send(actor_of_user(person))
    person.is_active = False
    person.save()
    work_off_jobs()
    assert the_import().state == "failed"
    assert not ListVersion.objects.exists()


def test_the_pages_show_how_far_it_is_and_what_came_of_it() -> None:
    watchlist()
    analyst = signed_in(make_person("targeting"))
    sent = {"file": SimpleUploadedFile("l<b>.csv", GOOD + b"P-3,\n"), "mode": "replace", "format": "", "why": "First"}
    answer = analyst.post("/watchlists/alerts/import/", sent)
    address = answer["Location"]
    page = analyst.get(address).content.decode()
    assert f'hx-get="{address}"' in page
    assert "l<b>" not in page
    JobRun.objects.update(state=JobRun.State.RUNNING, done=500, total=1001)
    part = analyst.get(address, headers={"HX-Request": "true"}).content.decode()
    assert '<progress max="1000" value="500"' in part
    assert "<html" not in part
    JobRun.objects.update(done=1000)
    assert "All entries are checked" in analyst.get(address, headers={"HX-Request": "true"}).content.decode()
    JobRun.objects.update(state=JobRun.State.QUEUED)
    work_off_jobs()
    assert "line 4" in analyst.get(address).content.decode()
    assert "data-refresh-every" not in analyst.get(address).content.decode()
    assert "Not taken" in analyst.get("/watchlists/alerts/").content.decode()
    assert "Not taken" in analyst.get("/watchlists/alerts/", headers={"HX-Request": "true"}).content.decode()
    sent["file"] = SimpleUploadedFile("list.csv", GOOD)
    address = analyst.post("/watchlists/alerts/import/", sent)["Location"]
    other = signed_in(make_person("supervisor"))
    assert other.post(f"{address}cancel/").status_code == 404, "the job is another's"
    assert analyst.post(f"{address}cancel/").status_code == 302
    assert "cancelled" in analyst.get(address).content.decode()
    assert analyst.post(f"{address}resume/").status_code == 302
    work_off_jobs()
    assert "/watchlists/alerts/versions/1/" in analyst.get(address).content.decode()


def test_the_api_answers_at_once_with_the_address_of_the_job(client: Client) -> None:
    watchlist()
    key = bearer(make_token("targeting"))
    bad = SimpleUploadedFile("list.pdf", b"%PDF-1.7")
    assert client.post("/api/v1/watchlists/lists/alerts/files", {"file": bad, "why": "x"}, **key).status_code == 422
    file = SimpleUploadedFile("list.csv", GOOD)
    answer = client.post("/api/v1/watchlists/lists/alerts/files", {"file": file, "why": "By program"}, **key)
    assert answer.status_code == 202
    assert answer.json()["state"] == "queued"
    assert answer["Location"] == answer.json()["address"]
    work_off_jobs()
    told = client.get(answer["Location"], **key).json()
    assert (told["state"], told["version"]["added"], told["findings"]) == ("proposed", 2, [])
    again = SimpleUploadedFile("list.csv", GOOD + b"P-9,\n")
    second = client.post("/api/v1/watchlists/lists/alerts/files", {"file": again, "why": "x"}, **key)["Location"]
    work_off_jobs()
    told = client.get(second, **key, headers={"Accept-Language": "es"}).json()
    assert (told["state"], told["version"]) == ("refused", None)
    assert told["problem"].startswith("La lista no se aceptó")
    assert [one["rule"] for one in told["findings"]] == ["names.cells"]
    assert client.get(second, **bearer(make_token("trader", party="X"))).status_code == 403
    assert client.get("/api/v1/watchlists/lists/none/imports/1", **key).status_code == 404


def test_what_a_file_of_other_kinds_left_out_is_told_with_its_count() -> None:
    """A stored finding keeps its numbers, also where its sentence wants them as numbers."""
    watchlist()
    data = b'{"id":"a","schema":"Person","properties":{"name":["Rosa Medina"]}}\n' + b"".join(
        b'{"id":"v%d","schema":"Vessel","properties":{"name":["Invented"]}}\n' % number for number in range(3)
    )
    send(make_actor("targeting"), data)
    work_off_jobs()
    version = the_import().version
    assert version is not None
    from otay.screening.watchlists import queries

    assert queries.findings(version)[0]["message"].startswith("3 entities")


@pytest.mark.slow
def test_a_hundred_thousand_entries() -> None:
    watchlist()
    rows = b"".join(b"P-%d,Invented Person%d,%d\n" % (n, n, 1940 + n % 60) for n in range(100_000))
    send(make_actor("targeting"), HEADER + rows)
    work_off_jobs()
    row = the_import()
    assert row.state == "proposed", row.problem
    assert row.version is not None
    assert row.version.added == EntryVersion.objects.count() == 100_000
    services.activate(actor=make_actor("supervisor"), version=row.version.pk)
