"""Leases, schedule, loops and long jobs: as they run, as they fail, as they stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from factories.node import make_actor, make_person, signed_in
from otay.core.errors import Conflict, Forbidden, NotFound
from otay.node import jobs, leases, loops, registry, schedule, task_queue, verification
from otay.node.actors import Actor
from otay.node.clock import real_now
from otay.node.leases import Holder
from otay.node.loops import Runner, back_off
from otay.node.models import AuditEvent, JobRun, Lease, ScheduledJob
from otay.node.registry import Loop, Schedule

State = JobRun.State


def eventually(condition: Callable[[], object], seconds: float = 8.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not come to be in time"
        time.sleep(0.02)


@pytest.mark.django_db
def test_a_lease_has_one_holder() -> None:
    first, second = Holder(), Holder()
    assert first.hold("x")
    assert not second.hold("x")
    assert first.hold("x")
    assert leases.alive(["x", "y"]) == {"x": True, "y": False}
    first.release()
    assert second.hold("x")


@pytest.mark.django_db
def test_a_lease_whose_holder_fell_silent_is_free() -> None:
    first, second = Holder(), Holder()
    first.hold("x")
    Lease.objects.update(until=real_now() - timedelta(seconds=1))
    assert second.hold("x")
    first.renew()
    assert second.hold("x")
    assert not first.hold("x"), "lost is lost"


@pytest.mark.django_db
def test_a_lease_of_a_dead_process_is_taken_at_once() -> None:
    holder = Holder()
    host = holder.name.split(":")[0]
    Lease.objects.create(name="x", holder=f"{host}:4194304:dead", until=real_now() + timedelta(minutes=5))
    assert holder.hold("x")
    Lease.objects.create(name="y", holder="elsewhere:4194304:alive", until=real_now() + timedelta(minutes=5))
    assert not holder.hold("y")


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    def plan(**runs: Callable[[], object]) -> list[str]:
        found: registry.Registry[Schedule] = registry.Registry("schedules")
        for key, run in runs.items():
            found.register(Schedule(key, key, timedelta(hours=1), run))
        monkeypatch.setattr(registry, "schedules", found)
        return list(runs)

    return plan


@pytest.mark.django_db
def test_the_schedule_runs_what_is_due_once(planned) -> None:  # type: ignore[no-untyped-def]
    ran: list[str] = []
    planned(a=lambda: ran.append("a"), b=lambda: ran.append("b"))
    assert [schedule.step() for _ in range(3)] == [0.0, 0.0, schedule.LONGEST_WAIT_SECONDS]
    assert sorted(ran) == ["a", "b"]
    job = ScheduledJob.objects.get(key="a")
    assert job.next_run - job.last_run == timedelta(hours=1)  # type: ignore[operator]
    ScheduledJob.objects.filter(key="a").update(next_run=real_now() + timedelta(seconds=1))
    assert 0 < schedule.step() <= 1


@pytest.mark.django_db
def test_a_scheduled_job_that_fails_is_noted_and_stops_nothing(planned) -> None:  # type: ignore[no-untyped-def]
    def fail() -> None:
        raise ValueError("broken")

    planned(a=fail)
    assert schedule.step() == 0.0
    assert ScheduledJob.objects.get(key="a").last_error == "ValueError: broken"
    ScheduledJob.objects.update(next_run=real_now())
    planned(a=lambda: None)
    schedule.step()
    assert ScheduledJob.objects.get(key="a").last_error == ""


def test_back_off_grows_and_is_bounded() -> None:
    waits = [back_off(n) for n in (1, 3, 50)]
    assert waits[0] < waits[1] < waits[2] <= loops.LONGEST_BACK_OFF_SECONDS


@pytest.fixture
def running() -> Iterator[Callable[..., Runner]]:
    made: list[Runner] = []

    def start(*steps: Loop) -> Runner:
        runner = Runner(steps)
        made.append(runner)
        runner.start()
        return runner

    yield start
    for runner in made:
        runner.stop()
    jobs.stopping.clear()


@pytest.mark.django_db(transaction=True)
def test_a_loop_that_fails_goes_on(running) -> None:  # type: ignore[no-untyped-def]
    calls: list[int] = []

    def step() -> float:
        calls.append(1)
        if len(calls) < 3:
            raise RuntimeError("for now")
        return 0.01

    runner = running(Loop("test.loop", step))
    eventually(lambda: len(calls) > 5)
    assert runner.stop()


@pytest.mark.django_db(transaction=True)
def test_of_two_runners_one_steps_and_the_other_takes_over(running) -> None:  # type: ignore[no-untyped-def]
    seen: list[str] = []

    def stepping(name: str) -> Loop:
        return Loop("test.one", lambda: seen.append(name) or 0.01)  # type: ignore[func-returns-value]

    first = running(stepping("first"))
    eventually(lambda: "first" in seen)
    running(stepping("second"))
    time.sleep(0.3)
    assert "second" not in seen
    first.stop()
    eventually(lambda: "second" in seen)
    assert leases.alive(["test.one"]) == {"test.one": True}


@pytest.mark.django_db(transaction=True)
def test_a_stop_takes_less_than_two_seconds_even_if_a_loop_hangs(running) -> None:  # type: ignore[no-untyped-def]
    released = threading.Event()
    runner = running(Loop("test.slow", lambda: released.wait(20) or 0.0), Loop("test.idle", lambda: 60.0))
    eventually(lambda: Lease.objects.filter(name="test.slow").exists())
    begin = time.monotonic()
    assert not runner.stop()
    assert time.monotonic() - begin < 2
    assert not Lease.objects.filter(holder=runner.holder.name).exists()
    released.set()
    eventually(lambda: not any(thread.is_alive() for thread in runner._threads))


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A registered job that counts, and knobs to stop it on the way."""
    control: dict[str, object] = {"before": lambda _run, _index: None}

    def count(run: JobRun, actor: Actor) -> dict[str, object]:
        begin = run.resume_state.get("index", 0)
        for index in range(begin, run.arguments["total"]):
            control["before"](run, index)  # type: ignore[operator]
            jobs.progress(run, index + 1, run.arguments["total"], state={"index": index + 1})
        return {"began_at": begin}

    found: registry.Registry[jobs.Job] = registry.Registry("jobs")
    found.register(jobs.Job("test.count", "Count", count, "node.read_audit"))
    monkeypatch.setattr(jobs, "jobs", found)
    monkeypatch.setattr(jobs, "WRITE_EVERY_SECONDS", 0.0)
    return control


@pytest.mark.django_db(transaction=True)
def test_a_job_runs_through_the_queue_and_keeps_its_result(counting) -> None:  # type: ignore[no-untyped-def]
    run = jobs.start(actor=make_actor("auditor"), job="test.count", arguments={"total": 3})
    while task_queue.step() == 0.0:
        pass
    run.refresh_from_db()
    assert (run.state, run.done, run.percent, run.result) == (State.DONE, 3, 100, {"began_at": 0})
    jobs.execute(run.pk)
    assert JobRun.objects.get().state == State.DONE, "a run that ended is left alone"


@pytest.mark.django_db(transaction=True)
def test_a_cancelled_job_stops_where_it_is_and_resumes_from_there(counting) -> None:  # type: ignore[no-untyped-def]
    actor = make_actor("auditor")
    run = jobs.start(actor=actor, job="test.count", arguments={"total": 5})
    counting["before"] = lambda run, index: jobs.cancel(actor=actor, run_id=run.pk) if index == 2 else None
    jobs.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.done) == (State.CANCELLED, 3)
    with pytest.raises(Conflict):
        jobs.cancel(actor=actor, run_id=run.pk)
    counting["before"] = lambda _run, _index: None
    jobs.resume(actor=actor, run_id=run.pk)
    jobs.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.done, run.result) == (State.DONE, 5, {"began_at": 3})
    with pytest.raises(Conflict):
        jobs.resume(actor=actor, run_id=run.pk)


@pytest.mark.django_db(transaction=True)
def test_a_failing_job_says_why_and_can_go_on(counting) -> None:  # type: ignore[no-untyped-def]
    def fail(run: JobRun, index: int) -> None:
        if index == 1:
            raise ValueError("disk full")

    actor = make_actor("auditor")
    counting["before"] = fail
    run = jobs.start(actor=actor, job="test.count", arguments={"total": 2})
    jobs.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error, run.done) == (State.FAILED, "ValueError: disk full", 1)
    counting["before"] = lambda _run, _index: None
    jobs.resume(actor=actor, run_id=run.pk)
    jobs.execute(run.pk)
    assert JobRun.objects.get().state == State.DONE


@pytest.mark.django_db(transaction=True)
def test_a_job_is_queued_again_when_the_node_stops(counting) -> None:  # type: ignore[no-untyped-def]
    counting["before"] = lambda _run, index: jobs.stopping.set() if index == 2 else None
    run = jobs.start(actor=make_actor("auditor"), job="test.count", arguments={"total": 5})
    jobs.execute(run.pk)
    jobs.stopping.clear()
    run.refresh_from_db()
    assert (run.state, run.resume_state) == (State.QUEUED, {"index": 3})
    counting["before"] = lambda _run, _index: None
    while task_queue.step() == 0.0:
        pass
    assert JobRun.objects.get().result == {"began_at": 3}


@pytest.mark.django_db
def test_a_job_of_a_dead_process_is_marked_and_can_be_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_running_here", {})  # what other tests left in this process
    before = real_now() - timedelta(minutes=5)
    run = JobRun.objects.create(
        job="x", started_by="officer:1", created_at=before, state=State.RUNNING, heartbeat_at=before
    )
    jobs.beat()
    run.refresh_from_db()
    assert run.state == State.INTERRUPTED


@pytest.mark.django_db
def test_who_may_start_and_see_jobs(counting) -> None:  # type: ignore[no-untyped-def]
    auditor = make_actor("auditor")
    with pytest.raises(Forbidden):
        jobs.start(actor=make_actor("planner"), job="test.count")
    with pytest.raises(NotFound):
        jobs.start(actor=auditor, job="test.unknown")
    run = jobs.start(actor=auditor, job="test.count", arguments={"total": 1})
    with pytest.raises(NotFound):
        jobs.cancel(actor=make_actor("auditor"), run_id=run.pk)
    jobs.cancel(actor=make_actor("administrator"), run_id=run.pk)
    assert AuditEvent.objects.filter(subject=f"job:{run.pk}").count() == 2


@pytest.mark.django_db
def test_the_jobs_page_shows_and_cancels(counting) -> None:  # type: ignore[no-untyped-def]
    run = jobs.start(actor=make_actor("auditor"), job="test.count", arguments={"total": 1})
    JobRun.objects.update(done=1, total=4)
    browser = signed_in(make_person("administrator"))
    assert "<progress" in browser.get("/node/jobs/").content.decode()
    browser.post(f"/node/jobs/{run.pk}/cancel/")
    assert JobRun.objects.get().state == State.CANCELLED
    assert "<main" not in browser.get("/node/jobs/", HTTP_HX_REQUEST="true").content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_auditor_has_the_log_checked_in_the_background() -> None:
    browser = signed_in(make_person("auditor"))
    assert browser.post("/node/audit/verify/").status_code == 302
    while task_queue.step() == 0.0:
        pass
    run = JobRun.objects.get(job=verification.JOB)
    assert (run.state, run.result["whole"]) == (State.DONE, True), run.error
    assert "none altered" in browser.get("/node/audit/").content.decode()
