"""Schedules: every occurrence exactly once, whatever dies; overlap, catching up, pauses, backfills, changed clocks."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import grpc
import pytest
from harness import (
    Coordinator, Postgres, RawWorker, admin, common, detail_of, details, duration, run, worker, workflow_service,
)  # fmt: skip
from harness.contract import schedule_service
from harness.schedules import Schedules, seconds_of

from kagzi import Client
from kagzi.schedules import OverlapPolicy

SKIP = schedule_service.OVERLAP_POLICY_SKIP
BUFFER_ONE = schedule_service.OVERLAP_POLICY_BUFFER_ONE
BUFFER_ALL = schedule_service.OVERLAP_POLICY_BUFFER_ALL
CANCEL_OTHER = schedule_service.OVERLAP_POLICY_CANCEL_OTHER
ALLOW = schedule_service.OVERLAP_POLICY_ALLOW
# Once a year, and not soon: its occurrences are those that a test triggers or backfills.
RARELY = "0 0 29 2 *"


@pytest.fixture
def schedules(service: Any, queue: str) -> Schedules:
    return Schedules(service, queue)


@pytest.fixture
def name(queue: str) -> str:
    """A schedule id that only this test uses."""
    return queue.replace("queue", "schedule")


@pytest.fixture
def flow(raw: Any, service: Any, queue: str) -> RawWorker:
    worker = raw(service, queue, workflows=["scheduled"])
    worker.open()
    worker.grant(20)
    worker.settle_stream()
    return worker  # type: ignore[no-any-return]


def started(firings: list[Any]) -> list[Any]:
    return [firing for firing in firings if firing.run_id]


def skipped(firings: list[Any]) -> list[Any]:
    return [firing for firing in firings if firing.skip_reason]


def waiting(firings: list[Any]) -> list[Any]:
    return [firing for firing in firings if not firing.run_id and not firing.skip_reason]


def assert_every_second_once(firings: list[Any], schedules: Schedules, name: str) -> None:
    """No occurrence is left out and none is there twice, in firings and in runs."""
    occurrences = [firing.scheduled_at.seconds for firing in firings]
    assert occurrences == list(range(occurrences[0], occurrences[0] + len(occurrences))), firings
    assert all(firing.run_id for firing in firings), skipped(firings)
    ids = [firing.run_id for firing in firings]
    assert len(set(ids)) == len(ids)
    runs = schedules.run_ids(f"{name}-")
    assert set(ids) <= set(runs)
    # What was fired after the firings were read belongs to later occurrences.
    assert len(runs) == len(set(runs))
    texts = {datetime.fromtimestamp(second, timezone.utc).strftime(f"{name}-%Y-%m-%dT%H:%M:%SZ") for second in occurrences}
    found = {schedules.service.get(run_id).workflow_id for run_id in ids[:3] + ids[-3:]}
    assert found <= texts


def test_three_coordinators_fire_an_every_second_schedule_once_a_second(
    new_coordinator: Any, new_database: Any, queue: str, name: str
) -> None:
    database = new_database()
    coordinators = [new_coordinator(database) for _ in range(3)]
    schedules = Schedules(coordinators[0].service(), queue)
    schedules.create(name, cron="* * * * * *", overlap_policy=ALLOW)
    firings = schedules.wait(name, lambda firings: len(firings) >= 6)
    assert_every_second_once(firings, schedules, name)
    late = sorted(seconds_of(firing.decided_at) - seconds_of(firing.scheduled_at) for firing in firings)
    assert late[0] >= 0, "an occurrence fired early"
    assert late[len(late) // 2] < 0.5, late


def test_coordinators_that_are_killed_while_firing_neither_lose_nor_double_an_occurrence(
    new_coordinator: Any, new_database: Any, queue: str, name: str
) -> None:
    database = new_database()
    coordinators: list[Coordinator] = [new_coordinator(database) for _ in range(3)]
    survivor = Schedules(coordinators[0].service(), queue)
    survivor.create(name, cron="* * * * * *", overlap_policy=ALLOW)
    chance = random.Random(7)
    for _ in range(8):
        victim = coordinators[chance.choice([1, 2])]
        # Right at the second, where all of them fire; the pause is the random moment itself.
        time.sleep(1 - time.time() % 1 + chance.uniform(-0.01, 0.03))
        victim.kill()
        victim.start()
    for victim in coordinators:
        victim.kill()
    time.sleep(2.5)
    coordinators[0].start()
    last = survivor.firings(name)[-1].scheduled_at.seconds
    firings = survivor.wait(name, lambda firings: firings[-1].scheduled_at.seconds >= last + 3)
    assert len(firings) >= 10
    assert_every_second_once(firings, survivor, name)


def set_back(postgres: Postgres, database: str, name: str, seconds: int) -> None:
    """As if nobody had looked for so long."""
    postgres.query(
        database,
        f"UPDATE kagzi.schedules SET next_at = next_at - interval '{seconds} s', fire_at = fire_at - interval '{seconds} s', "
        f"anchor_at = anchor_at - interval '{seconds} s' WHERE schedule_id = '{name}'",
    )


def test_after_a_downtime_the_window_and_the_limit_say_what_is_made_up_for(
    postgres: Postgres, new_coordinator: Any, new_database: Any, queue: str, name: str
) -> None:
    database = new_database()
    coordinator = new_coordinator(database)
    schedules = Schedules(coordinator.service(), queue)
    minute = {"interval": duration(60), "overlap_policy": ALLOW}
    schedules.create(f"{name}-window", catch_up_window=duration(300), **minute)
    schedules.create(f"{name}-limit", catch_up_window=duration(7_200), catch_up_limit=3, **minute)
    schedules.create(f"{name}-default", **minute)
    coordinator.kill()
    for suffix in ("window", "limit", "default"):
        set_back(postgres, database, f"{name}-{suffix}", 3_630)
    coordinator.start()

    firings = schedules.wait(f"{name}-window", lambda firings: len(firings) >= 6)
    assert [bool(firing.run_id) for firing in firings] == [False, True, True, True, True, True]
    assert firings[0].skip_reason.startswith("missed: 55 occurrences up to ")
    assert firings[0].skip_reason.endswith("older than the catch-up window of 300 s")
    steps = [after.scheduled_at.seconds - before.scheduled_at.seconds for before, after in zip(firings[1:], firings[2:])]
    assert steps == [60] * 4

    firings = schedules.wait(f"{name}-limit", lambda firings: len(firings) >= 4)
    assert [bool(firing.run_id) for firing in firings] == [False, True, True, True]
    assert firings[0].skip_reason.endswith("at most 3 missed occurrences are made up for")

    firings = schedules.wait(f"{name}-default", lambda firings: len(firings) >= 2)
    assert len(started(firings)) == 1 and len(skipped(firings)) == 1
    for suffix in ("window", "limit", "default"):
        assert schedules.get(f"{name}-{suffix}").next_at.seconds > time.time()


def test_skip_leaves_out_what_comes_while_the_run_is_open(schedules: Schedules, flow: RawWorker, name: str) -> None:
    schedules.create(name, interval=duration(1))
    first = flow.task()
    firings = schedules.wait(name, lambda firings: len(skipped(firings)) >= 2)
    assert [firing.run_id for firing in started(firings)] == [first.run_id]
    assert {firing.skip_reason for firing in skipped(firings)} == {f"overlap: run {first.run_id} is open"}
    flow.complete(first.token)
    second = flow.task()
    assert second.run_id != first.run_id
    schedules.delete(name)
    flow.complete(second.token)


def test_a_trigger_fires_at_once_under_skip_though_a_run_is_open(
    schedules: Schedules, flow: RawWorker, name: str
) -> None:
    schedules.create(name, cron=RARELY)
    ids = [schedules.trigger(name), schedules.trigger(name)]
    assert all(ids) and [flow.task().run_id for _ in ids] == ids
    assert {firing.cause for firing in schedules.firings(name)} == {schedule_service.FIRING_CAUSE_TRIGGER}


def test_buffer_one_keeps_one_and_starts_it_when_the_open_run_ends(
    schedules: Schedules, flow: RawWorker, name: str
) -> None:
    schedules.create(name, interval=duration(1), overlap_policy=BUFFER_ONE)
    first = flow.task()
    firings = schedules.wait(name, lambda firings: len(skipped(firings)) >= 1)
    assert len(waiting(firings)) == 1 and schedules.get(name).buffered == 1
    assert "waiting already" in skipped(firings)[0].skip_reason
    with pytest.raises(grpc.RpcError) as refused:
        schedules.trigger(name)
    assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert isinstance(detail_of(refused.value), details.QueueFull)
    schedules.update(name, cron=RARELY, overlap_policy=BUFFER_ONE)
    begin = time.monotonic()
    flow.complete(first.token)
    second = flow.task()
    assert time.monotonic() - begin < 4, "the end of the run wakes the one that waits"
    firing = next(firing for firing in schedules.firings(name) if firing.run_id == second.run_id)
    assert firing.scheduled_at == waiting(firings)[0].scheduled_at
    assert schedules.get(name).buffered == 0
    flow.complete(second.token)
    flow.expect_nothing("task", 0.3)


def test_buffer_all_runs_one_after_the_other_in_order(schedules: Schedules, flow: RawWorker, name: str) -> None:
    schedules.create(name, cron=RARELY, overlap_policy=BUFFER_ALL)
    ids = [schedules.trigger(name) for _ in range(5)]
    assert ids[0] and not any(ids[1:])
    assert schedules.get(name).buffered == 4
    occurrences = [firing.scheduled_at for firing in schedules.firings(name)]
    seen = []
    for _ in range(5):
        task = flow.task()
        flow.expect_nothing("task", 0.1)
        seen.append(next(f.scheduled_at for f in schedules.firings(name) if f.run_id == task.run_id))
        flow.complete(task.token)
    assert seen == occurrences
    assert schedules.get(name).buffered == 0


def test_a_run_that_continues_as_new_is_still_the_open_run(schedules: Schedules, flow: RawWorker, name: str) -> None:
    schedules.create(name, cron=RARELY, overlap_policy=BUFFER_ALL)
    schedules.trigger(name)
    first = flow.task()
    assert schedules.trigger(name) == ""
    again = worker.ContinueAsNew(input=common.Payload(data=b"2", encoding="json"))
    flow.report(first.token, workflow=worker.WorkflowReport(continue_as_new=again))
    continued = flow.task()
    assert continued.workflow_id == first.workflow_id and continued.run_id != first.run_id
    flow.expect_nothing("task", 0.5)
    begin = time.monotonic()
    flow.complete(continued.token)
    waited = flow.task()
    assert time.monotonic() - begin < 4
    assert waited.workflow_id != first.workflow_id
    flow.complete(waited.token)


def test_cancel_other_cancels_the_open_run_and_starts_when_it_has_ended(
    schedules: Schedules, flow: RawWorker, name: str
) -> None:
    schedules.create(name, cron=RARELY, overlap_policy=CANCEL_OTHER)
    first_id = schedules.trigger(name)
    first = flow.task()
    assert schedules.trigger(name) == ""
    cancel = flow.next("cancel")
    assert cancel.token == first.token and name in cancel.reason
    assert schedules.trigger(name) == ""
    firings = schedules.firings(name)
    assert [bool(firing.run_id) for firing in firings] == [True, False, False]
    assert firings[1].skip_reason == "overlap: a later occurrence took its place" and not firings[2].skip_reason
    failure = common.Failure(kind=common.ERROR_KIND_CANCELLED, message="told to")
    flow.report(first.token, workflow=worker.WorkflowReport(fail=worker.Fail(failure=failure)))
    second = flow.task()
    assert schedules.service.get(first_id).status == run.RUN_STATUS_CANCELLED
    assert schedules.firings(name)[2].run_id == second.run_id
    flow.complete(second.token)


def test_allow_starts_beside(schedules: Schedules, flow: RawWorker, name: str) -> None:
    schedules.create(name, interval=duration(1), overlap_policy=ALLOW)
    tasks = [flow.task(), flow.task()]
    schedules.delete(name)
    assert len({task.run_id for task in tasks}) == 2
    for task in tasks:
        flow.complete(task.token)


def test_what_waits_is_started_by_another_coordinator_when_the_one_that_decided_is_killed(
    new_coordinator: Any, new_database: Any, raw: Any, queue: str, name: str
) -> None:
    database = new_database()
    (a, b) = (new_coordinator(database), new_coordinator(database))
    schedules = Schedules(a.service(), queue)
    flow = raw(b.service(), queue, workflows=["scheduled"])
    flow.open()
    flow.grant(5)
    schedules.create(name, cron=RARELY, overlap_policy=BUFFER_ALL)
    schedules.trigger(name)
    first = flow.task()
    assert schedules.trigger(name) == ""
    a.kill()
    flow.complete(first.token)
    second = flow.task(timeout=15)
    assert second.run_id != first.run_id
    flow.complete(second.token)


def test_a_pause_passes_occurrences_by_and_records_them_as_one(schedules: Schedules, flow: RawWorker, name: str) -> None:
    schedules.create(name, interval=duration(1), overlap_policy=ALLOW)
    flow.complete(flow.task().token)
    schedules.pause(name, "maintenance")
    schedules.pause(name, "maintenance")
    paused = schedules.get(name)
    assert paused.paused and paused.note == "maintenance" and not paused.HasField("next_at")
    before = len(schedules.firings(name))
    while time.time() < seconds_of(paused.last_at) + 3.1:
        flow.expect_nothing("task", 0.5)
    schedules.resume(name, "done")
    resumed = schedules.get(name)
    assert not resumed.paused and resumed.note == "done" and resumed.HasField("next_at")
    flow.complete(flow.task().token)
    firings = schedules.firings(name)
    span = skipped(firings)
    assert len(span) == 1 and len(firings) >= before + 2
    assert span[0].skip_reason.startswith("paused (maintenance): ") and " occurrences up to " in span[0].skip_reason
    assert all(firing.scheduled_at.seconds > span[0].scheduled_at.seconds for firing in started(firings)[before:])
    # A trigger is a person's wish: it does not mind the pause.
    schedules.pause(name)
    assert schedules.trigger(name)
    schedules.delete(name)


def times(firings: list[Any]) -> list[str]:
    return [datetime.fromtimestamp(f.scheduled_at.seconds, timezone.utc).strftime("%d %H:%M") for f in firings]


def test_a_backfill_over_a_clock_change_shows_the_rule(schedules: Schedules, name: str) -> None:
    berlin = {"time_zone": "Europe/Berlin", "overlap_policy": ALLOW}
    # Clocks were put forward at 02:00 on 2026-03-29 (01:00 UTC), back at 03:00 on 2025-10-26 (01:00 UTC).
    schedules.create(f"{name}-point", cron="30 2 * * *", **berlin)
    assert schedules.backfill(f"{name}-point", "2026-03-28 00:00", "2026-03-31 00:00") == 3
    assert times(schedules.firings(f"{name}-point")) == ["28 01:30", "29 01:00", "30 00:30"]
    schedules.create(f"{name}-fold", cron="30 2 * * *", **berlin)
    assert schedules.backfill(f"{name}-fold", "2025-10-25 00:00", "2025-10-28 00:00") == 3
    assert times(schedules.firings(f"{name}-fold")) == ["25 00:30", "26 00:30", "27 01:30"]
    schedules.create(f"{name}-passing", cron="30 * * * *", **berlin)
    assert schedules.backfill(f"{name}-passing", "2026-03-28 23:00", "2026-03-29 03:00") == 4
    assert times(schedules.firings(f"{name}-passing")) == ["28 23:30", "29 00:30", "29 01:30", "29 02:30"]
    schedules.create(f"{name}-passing-fold", cron="30 * * * *", **berlin)
    assert schedules.backfill(f"{name}-passing-fold", "2025-10-25 23:00", "2025-10-26 03:00") == 4
    assert times(schedules.firings(f"{name}-passing-fold")) == ["25 23:30", "26 00:30", "26 01:30", "26 02:30"]
    schedules.create(f"{name}-lord-howe", cron="15 2 * * *", time_zone="Australia/Lord_Howe", overlap_policy=ALLOW)
    assert schedules.backfill(f"{name}-lord-howe", "2025-10-04 00:00", "2025-10-06 00:00") == 2
    assert times(schedules.firings(f"{name}-lord-howe")) == ["04 15:30", "05 15:15"]


def test_a_backfill_fires_each_occurrence_once_and_one_after_the_other(
    schedules: Schedules, flow: RawWorker, name: str
) -> None:
    schedules.create(name, cron="@hourly")
    assert schedules.backfill(name, "2026-01-01 00:00", "2026-01-01 05:00") == 6
    assert schedules.backfill(name, "2026-01-01 04:00", "2026-01-01 06:00") == 1
    seen = []
    for _ in range(7):
        task = flow.task()
        flow.expect_nothing("task", 0.05)
        seen.append(task.workflow_id)
        flow.complete(task.token)
    assert seen == [f"{name}-2026-01-01T{hour:02}:00:00Z" for hour in range(7)]
    firings = schedules.firings(name, page_size=2)
    assert [firing.cause for firing in firings] == [schedule_service.FIRING_CAUSE_BACKFILL] * 7
    assert len(started(firings)) == 7 and schedules.get(name).buffered == 0


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        ("2026-01-02 00:00", "2026-01-01 00:00", "until"),
        ("2026-01-01 00:00", "9999-01-01 00:00", "until"),
        ("2020-01-01 00:00", "2026-01-01 00:00", "until"),
    ],
)
def test_a_backfill_of_no_past_span_is_refused(
    schedules: Schedules, name: str, start: str, end: str, field: str
) -> None:
    schedules.create(name, cron="@hourly")
    with pytest.raises(grpc.RpcError) as refused:
        schedules.backfill(name, start, end)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert detail_of(refused.value).field == field
    assert schedules.firings(name) == []


def start(**fields: Any) -> Any:
    return workflow_service.StartWorkflowRequest(**{"workflow_type": "scheduled", **fields})


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({}, "spec.cron", "give cron or interval"),
        ({"cron": "* * * *"}, "spec.cron", "has 4 fields"),
        ({"cron": "* * * * * * *"}, "spec.cron", "has 7 fields"),
        ({"cron": "61 * * * *"}, "spec.cron", "minute: 61 is not within 0 to 59"),
        ({"cron": "0 0 30 2 *"}, "spec.cron", "never fires"),
        ({"cron": "0 0 L * *"}, "spec.cron", "not supported"),
        ({"cron": "@daily", "time_zone": "Mars/Olympus"}, "spec.time_zone", "is not a time zone"),
        ({"cron": "@daily", "time_zone": "BST"}, "spec.time_zone", "is not a time zone"),
        ({"interval": duration(1), "time_zone": "UTC"}, "spec.time_zone", "is for cron"),
        ({"interval": duration(0.999)}, "spec.interval", "must be 1 s or more"),
        ({"interval": duration(-5)}, "spec.interval", "must be 1 s or more"),
        ({"interval": duration(4e8)}, "spec.interval", "must not be longer"),
        ({"cron": "@daily", "jitter": duration(-1)}, "spec.jitter", "must not be negative"),
        ({"cron": "@daily", "jitter": duration(86_401)}, "spec.jitter", "must not be longer"),
        ({"cron": "@daily", "catch_up_window": duration(0.5)}, "spec.catch_up_window", "must be 1 s or more"),
        ({"cron": "@daily", "catch_up_limit": 1_001}, "spec.catch_up_limit", "must be 1 to 1000"),
        ({"cron": "@daily", "overlap_policy": 17}, "spec.overlap_policy", "none of the policies"),
        ({"cron": "@daily", "start": start(workflow_type="")}, "spec.start.workflow_type", "must not be empty"),
        ({"cron": "@daily", "start": start(request_id="r")}, "spec.start.request_id", "must be empty"),
        ({"cron": "@daily", "start": start(start_delay=duration(1))}, "spec.start.start_delay", "must be absent"),
        ({"cron": "@daily", "start": start(conflict_policy=2)}, "spec.start.conflict_policy", "overlap_policy"),
        ({"cron": "@daily", "start": start(workflow_id="x" * 500)}, "spec.start.workflow_id", "at most"),
        ({"cron": "@daily", "start": start(priority=101)}, "spec.start.priority", "must be -100 to 100"),
        ({"cron": "@daily", "start": start(namespace="other")}, "spec.start.namespace", "must be the schedule's"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_definition_that_cannot_be_used_is_refused_with_its_field(
    schedules: Schedules, name: str, fields: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        schedules.create(name, **fields)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    detail = detail_of(refused.value)
    assert isinstance(detail, details.InvalidField)
    assert detail.field == field and reason in detail.reason
    with pytest.raises(grpc.RpcError) as missing:
        schedules.get(name)
    assert missing.value.code() == grpc.StatusCode.NOT_FOUND


def test_other_refusals_have_their_details(schedules: Schedules, name: str) -> None:
    schedules.create(name, cron=RARELY)
    with pytest.raises(grpc.RpcError) as twice:
        schedules.create(name, cron=RARELY)
    assert twice.value.code() == grpc.StatusCode.ALREADY_EXISTS
    assert detail_of(twice.value) == details.ResourceExists(kind="schedule", name=name)
    with pytest.raises(grpc.RpcError) as version:
        schedules.update(name, cron=RARELY, start=start(workflow_version=77))
    assert version.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert isinstance(detail_of(version.value), details.VersionNotRegistered)
    large = start(input=common.Payload(data=bytes(3 << 20), encoding="bytes"))
    with pytest.raises(grpc.RpcError) as size:
        schedules.update(name, cron=RARELY, start=large)
    assert detail_of(size.value).field == "spec.start.input"
    calls = [
        lambda: schedules.get("no-such"), lambda: schedules.delete("no-such"), lambda: schedules.pause("no-such"),
        lambda: schedules.resume("no-such"), lambda: schedules.trigger("no-such"), lambda: schedules.firings("no-such"),
        lambda: schedules.update("no-such", cron=RARELY),
        lambda: schedules.backfill("no-such", "2026-01-01 00:00", "2026-01-01 01:00"),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(grpc.RpcError) as missing:
            call()
        assert missing.value.code() == grpc.StatusCode.NOT_FOUND
        assert detail_of(missing.value) == details.ResourceNotFound(kind="schedule", name="no-such")


def test_an_update_computes_the_next_occurrence_anew_and_a_delete_leaves_the_runs(
    schedules: Schedules, flow: RawWorker, name: str
) -> None:
    created = schedules.create(name, interval=duration(3_600))
    assert abs(seconds_of(created.next_at) - seconds_of(created.created_at) - 3_600) < 0.001
    same = schedules.update(name, interval=duration(3_600), jitter=duration(5))
    assert same.next_at == created.next_at, "an interval counts on from its anchor"
    other = schedules.update(name, interval=duration(7_200))
    assert seconds_of(other.next_at) > seconds_of(created.created_at) + 7_200
    cron = schedules.update(name, cron="0 0 1 1 *", time_zone="America/New_York")
    assert datetime.fromtimestamp(cron.next_at.seconds, timezone.utc).strftime("%m-%d %H:%M") == "01-01 05:00"
    run_id = schedules.trigger(name)
    task = flow.task()
    schedules.delete(name)
    # Another one of the same id knows nothing of the old one's firings.
    schedules.create(name, cron=RARELY)
    assert schedules.firings(name) == [] and not schedules.get(name).HasField("last_at")
    flow.complete(task.token)
    assert schedules.service.wait(run_id).status == run.RUN_STATUS_COMPLETED


def test_lists_have_pages(new_coordinator: Any, new_database: Any, queue: str) -> None:
    schedules = Schedules(new_coordinator(new_database()).service(), queue)
    names = [f"s-{index:02}" for index in range(7)]
    for entry in reversed(names):
        schedules.create(entry, cron=RARELY)
    listed, token = [], ""
    while True:
        request = schedule_service.ListSchedulesRequest(page_size=3, page_token=token)
        response = schedules.stub.ListSchedules(request, timeout=15)
        listed += [entry.schedule_id for entry in response.schedules]
        token = response.next_page_token
        if not token:
            break
    assert listed == names


def test_jitter_delays_the_firing_and_not_the_occurrence(schedules: Schedules, name: str) -> None:
    schedules.create(name, cron="* * * * * *", jitter=duration(0.9), overlap_policy=ALLOW)
    firings = schedules.wait(name, lambda firings: len(firings) >= 5)
    schedules.delete(name)
    occurrences = [firing.scheduled_at.seconds for firing in firings]
    assert occurrences == list(range(occurrences[0], occurrences[0] + len(occurrences)))
    delays = [seconds_of(firing.decided_at) - seconds_of(firing.scheduled_at) for firing in firings]
    assert max(delays) > 0.15, delays
    assert all(delay >= 0 for delay in delays)


def test_a_disabled_namespace_skips_its_firings_and_says_so(
    new_coordinator: Any, new_database: Any, queue: str, name: str
) -> None:
    schedules = Schedules(new_coordinator(new_database()).service(), queue)
    schedules.create(name, cron="* * * * * *", overlap_policy=ALLOW)
    schedules.wait(name, started)
    schedules.service.admin.DisableNamespace(admin.DisableNamespaceRequest(name="default"), timeout=15)
    firings = schedules.wait(name, skipped)
    assert "namespace 'default' is disabled" in skipped(firings)[0].skip_reason
    for call in (lambda: schedules.trigger(name), lambda: schedules.create(f"{name}-2", cron=RARELY)):
        with pytest.raises(grpc.RpcError) as refused:
            call()
        assert isinstance(detail_of(refused.value), details.NamespaceDisabled)
    schedules.service.admin.EnableNamespace(admin.EnableNamespaceRequest(name="default"), timeout=15)
    count = len(started(firings))
    schedules.wait(name, lambda firings: len(started(firings)) > count)


def test_the_command_line_steers_schedules(schedules: Schedules, binary: Any, name: str) -> None:
    def kagzi(*words: str, code: int = 0) -> str:
        command = [binary, "schedule", *words, "--address", schedules.service.address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    definition = ["--type", "scheduled", "--queue", schedules.queue, "--overlap", "allow", "--input", '{"n": 1}']
    shown = kagzi("create", name, "--cron", "30 2 * * *", "--zone", "Europe/Berlin", *definition)
    assert "fires       30 2 * * * (Europe/Berlin)" in shown and "overlap     allow" in shown
    times = [line.split()[-1] for line in shown.split("next ")[1].splitlines()]
    assert len(times) == 5 and set(times) <= {"00:30:00.000", "01:00:00.000", "01:30:00.000"}
    assert "kagzi schedule" not in shown
    facts = json.loads(kagzi("show", name, "--json"))
    assert facts["scheduleId"] == name and facts["input"] == {"n": 1} and len(facts["upcoming"]) == 5
    [line] = [line for line in kagzi("list").splitlines() if line.startswith(f"{name} ")]
    assert " ".join(line.split()).startswith(f"{name} 30 2 * * * (Europe/Berlin) scheduled allow ")
    assert name in [entry["scheduleId"] for entry in json.loads(kagzi("list", "--json"))]
    run_id = json.loads(kagzi("trigger", name, "--json"))["runId"]
    assert schedules.service.get(run_id).input.data == b'{"n": 1}'
    assert kagzi("backfill", name, "--from", "2026-03-28T00:00:00Z", "--until", "2026-03-30T00:00:00Z") == (
        "2 occurrences are fired\n"
    )
    firings = kagzi("firings", name).splitlines()
    assert firings[0].split() == ["OCCURRENCE", "DECIDED", "CAUSE", "OUTCOME"] and len(firings) == 4
    assert firings[1].startswith("2026-03-29 01:00:00.000") and "backfill" in firings[1]
    assert [entry["cause"] for entry in json.loads(kagzi("firings", name, "--json"))] == ["BACKFILL"] * 2 + ["TRIGGER"]
    assert kagzi("pause", name, "--note", "for a while") == f"schedule {name} is paused\n"
    assert "note        for a while" in kagzi("show", name)
    assert kagzi("resume", name) == f"schedule {name} fires again\n"
    assert "every 90m" in kagzi("update", name, "--every", "90m", *definition)
    assert "spec.cron: never fires" in kagzi("update", name, "--cron", "0 0 30 2 *", *definition, code=1)
    assert "give --cron or --every" in kagzi("update", name, *definition, code=1)
    assert kagzi("delete", name) == f"schedule {name} is deleted\n"
    assert f"there is no schedule '{name}'" in kagzi("show", name, code=1)


def test_the_python_client_steers_schedules_as_the_documentation_shows(shared: Coordinator, name: str) -> None:
    async def main() -> None:
        async with Client(shared.address) as client:
            made = await client.schedules.create(
                name, "report", {"kind": "full"}, cron="30 2 * * *", time_zone="Europe/Berlin",
                overlap=OverlapPolicy.BUFFER_ONE, jitter=60,
            )  # fmt: skip
            assert made.next_at is not None and made.overlap == OverlapPolicy.BUFFER_ONE
            await client.schedules.pause(name, "the warehouse is being moved")
            assert (await client.schedules.get(name)).note == "the warehouse is being moved"
            await client.schedules.resume(name)
            run_id = await client.schedules.trigger(name)
            since = datetime(2026, 3, 28, tzinfo=timezone.utc)
            assert await client.schedules.backfill(name, since, since + timedelta(days=2)) == 2
            firings = [firing async for firing in client.schedules.firings(name)]
            assert [firing.run_id for firing in firings] == ["", "", run_id]
            assert name in [schedule.schedule_id for schedule in await client.schedules.list()]
            await client.schedules.delete(name)

    asyncio.run(main())


def test_an_idle_coordinator_asks_nothing_much_about_schedules(
    postgres: Postgres, new_coordinator: Any, new_database: Any
) -> None:
    """With no schedules the tables are looked at when the coordinator starts, and then once a minute."""
    database = new_database()
    # Postgres's own log, since its statistics of tables come up to ten seconds late.
    postgres.query(database, f"ALTER DATABASE {database.rsplit('/', 1)[1]} SET log_statement = 'all'")
    new_coordinator(database)

    assert postgres.process
    look = "execute next_due_schedule"
    postgres.process.wait_line(look)
    before = postgres.process.count(look)
    time.sleep(5)
    # A wake-up of its own is allowed; a look every second would be five.
    assert postgres.process.count(look) - before <= 1
