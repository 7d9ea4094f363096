"""How a group that did not give all results ends: the same kinds and codes as in every SDK (docs/parallel.md has the table)."""

from __future__ import annotations

from typing import Any

import pytest
from scripted import CANCELLED, DEADLINE, FAILED, SUCCEEDED, Coordinator, cancelled, completed, failed, group, value

from kagzi import Context, ErrorKind, GroupFailed, Member, StepError, activity
from kagzi._messages import worker

LATE = StepError(ErrorKind.TIMEOUT, "late")
GONE = StepError(ErrorKind.NOT_FOUND, "gone")


@activity("fetch")
async def fetch(n: int) -> str:
    return f"page {n}"


MEMBERS = [(name, Member.activity(fetch, 1)) for name in "abcd"]


def told(result: Any) -> dict[str, Any]:
    """What a ParallelResult says."""
    return {
        "is_success": result.is_success,
        "results": result.results,
        "errors": {name: f"{error.kind.name} {error.code}".strip() for name, error in result.errors.items()},
        "unfinished": list(result.unfinished),
        "is_deadline_passed": result.is_deadline_passed,
        "first_error": result.first_error and result.first_error.code,
    }


async def ended(run: Any, *steps: worker.StepRecord, resolved: worker.GroupRecord) -> Any:
    """The report of a function whose group ended so; the same when all of it is recorded already."""
    coordinator = Coordinator(run)
    await coordinator.begin()
    first = await coordinator.resume(*steps, groups=[resolved])
    again = await coordinator.begin_again(None, *steps, groups=[resolved])
    assert first.WhichOneof("outcome") == again.WhichOneof("outcome")
    if first.HasField("complete"):
        assert first.complete == again.complete
    else:
        assert (first.fail.failure.message, first.fail.failure.code) == (again.fail.failure.message, again.fail.failure.code)
    return first


async def test_a_quorum_that_is_reached_is_a_success_whatever_it_left_unfinished() -> None:
    async def run(ctx: Context) -> Any:
        result = await ctx.collect("g", MEMBERS, quorum=2)
        assert result.into_result() == ["A", "B"]
        return told(result)

    report = await ended(
        run,
        completed("g/a", "A"),
        completed("g/b", "B"),
        failed("g/c", GONE),
        cancelled("g/d"),
        resolved=group("g", SUCCEEDED, succeeded=2, failed=1),
    )
    assert value(report.complete.output) == {
        "is_success": True,
        "results": {"a": "A", "b": "B"},
        "errors": {"c": "NOT_FOUND"},
        "unfinished": ["d"],
        "is_deadline_passed": False,
        "first_error": "",
    }


async def test_a_quorum_out_of_reach_is_thrown_and_names_each_failure() -> None:
    async def run(ctx: Context) -> None:
        try:
            await ctx.collect("g", MEMBERS, quorum=3)
        except GroupFailed as error:
            assert list(error.errors) == ["b", "c"]
            raise

    report = await ended(
        run,
        completed("g/a", "A"),
        failed("g/b", GONE),
        failed("g/c", LATE),
        cancelled("g/d"),
        resolved=group("g", FAILED, succeeded=1, failed=2),
    )
    failure = report.fail.failure
    assert (ErrorKind(failure.kind), failure.code, failure.source) == (ErrorKind.UNKNOWN, "GROUP_FAILED", "g")
    assert failure.message == "group 'g' cannot reach 3 of 4: b: gone; c: late"
    assert dict(failure.context) == {"b": "NOT_FOUND: gone", "c": "TIMEOUT: late"}


async def test_a_quorum_whose_deadline_passes_gives_what_is_there() -> None:
    async def run(ctx: Context) -> Any:
        result = await ctx.collect("g", MEMBERS, quorum=3, deadline=5)
        with pytest.raises(StepError) as caught:
            result.into_result()
        assert caught.value is result.first_error
        return told(result)

    report = await ended(
        run,
        completed("g/a", "A"),
        failed("g/b", GONE),
        cancelled("g/c"),
        cancelled("g/d"),
        resolved=group("g", DEADLINE, succeeded=1, failed=1),
    )
    assert value(report.complete.output) == {
        "is_success": False,
        "results": {"a": "A"},
        "errors": {"b": "NOT_FOUND", "c": "TIMEOUT GROUP_DEADLINE", "d": "TIMEOUT GROUP_DEADLINE"},
        "unfinished": ["c", "d"],
        "is_deadline_passed": True,
        "first_error": "",
    }


async def test_members_that_a_deadline_cut_off_are_errors_of_the_collection() -> None:
    async def run(ctx: Context) -> Any:
        result = await ctx.collect("g", MEMBERS[:2], deadline=5)
        with pytest.raises(StepError, match="deadline of group 'g'"):
            result.into_result()
        return told(result)

    report = await ended(run, completed("g/a", "A"), cancelled("g/b"), resolved=group("g", DEADLINE, succeeded=1))
    assert value(report.complete.output) == {
        "is_success": False,
        "results": {"a": "A"},
        "errors": {"b": "TIMEOUT GROUP_DEADLINE"},
        "unfinished": ["b"],
        "is_deadline_passed": True,
        "first_error": "GROUP_DEADLINE",
    }


@pytest.mark.parametrize("call", ["parallel_vec", "race"])
async def test_a_deadline_is_thrown_where_all_or_one_was_asked_for(call: str) -> None:
    async def run(ctx: Context) -> None:
        await getattr(ctx, call)("g", MEMBERS[:2], deadline=5)

    report = await ended(run, failed("g/a", GONE), cancelled("g/b"), resolved=group("g", DEADLINE, failed=1))
    failure = report.fail.failure
    assert (ErrorKind(failure.kind), failure.code) == (ErrorKind.TIMEOUT, "GROUP_DEADLINE")


@pytest.mark.parametrize("call", ["parallel_vec", "race", "collect", "quorum"])
async def test_a_group_that_was_cancelled_is_thrown_as_such(call: str) -> None:
    async def run(ctx: Context) -> None:
        if call == "quorum":
            await ctx.collect("g", MEMBERS[:2], quorum=1)
        else:
            await getattr(ctx, call)("g", MEMBERS[:2])

    report = await ended(run, cancelled("g/a"), cancelled("g/b"), resolved=group("g", CANCELLED))
    failure = report.fail.failure
    assert (ErrorKind(failure.kind), failure.code) == (ErrorKind.CANCELLED, "GROUP_CANCELLED")


async def test_a_race_that_all_lose_has_their_kind_if_they_share_one() -> None:
    async def run(ctx: Context) -> None:
        await ctx.race("g", MEMBERS[:2])

    report = await ended(run, failed("g/a", LATE), failed("g/b", LATE), resolved=group("g", FAILED, failed=2))
    failure = report.fail.failure
    assert (ErrorKind(failure.kind), failure.code) == (ErrorKind.TIMEOUT, "GROUP_FAILED")
