"""The context's calls for parallel execution."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload
from uuid import UUID

from ._group import CANCELLED, COLLECT_ALL, FAIL_FAST, FAILED, QUORUM, RACE, SUCCEEDED, Group, cut_off
from ._members import Member, Plan
from ._messages import worker
from ._times import Seconds
from .definitions import Activity
from .errors import StepError
from .parallel import GroupFailed, ParallelResult, Results, group_name, new_opening, plans_of, result_of

if TYPE_CHECKING:
    from ._run import WorkflowRun

T = TypeVar("T")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")
T5 = TypeVar("T5")
T6 = TypeVar("T6")
T7 = TypeVar("T7")
T8 = TypeVar("T8")
T9 = TypeVar("T9")
T10 = TypeVar("T10")

Typed = Callable[[], Coroutine[Any, Any, T]] | Coroutine[Any, Any, T] | Member[T] | Activity[None, T]
"""A member whose result's type is known: async function without arguments, coroutine, Member, activity without input."""

MAX_PAIRS = 10


class ParallelCalls:
    """Base of the context: `parallel`, `parallel_vec`, `race`, `collect`."""

    _run: WorkflowRun

    @overload
    async def parallel(
        self, group: str | UUID, m1: tuple[str, Typed[T1]], m2: tuple[str, Typed[T2]], /, *,
        deadline: Seconds | None = ..., max_concurrency: int | None = ..., parent_step: str | None = ...,
    ) -> tuple[T1, T2]: ...  # fmt: skip
    @overload
    async def parallel(
        self, group: str | UUID, m1: tuple[str, Typed[T1]], m2: tuple[str, Typed[T2]], m3: tuple[str, Typed[T3]], /,
        *, deadline: Seconds | None = ..., max_concurrency: int | None = ..., parent_step: str | None = ...,
    ) -> tuple[T1, T2, T3]: ...  # fmt: skip
    @overload
    async def parallel(
        self, group: str | UUID, m1: tuple[str, Typed[T1]], m2: tuple[str, Typed[T2]], m3: tuple[str, Typed[T3]],
        m4: tuple[str, Typed[T4]], /, *, deadline: Seconds | None = ..., max_concurrency: int | None = ...,
        parent_step: str | None = ...,
    ) -> tuple[T1, T2, T3, T4]: ...  # fmt: skip
    @overload
    async def parallel(
        self, group: str | UUID, m1: tuple[str, Typed[T1]], m2: tuple[str, Typed[T2]], m3: tuple[str, Typed[T3]],
        m4: tuple[str, Typed[T4]], m5: tuple[str, Typed[T5]], /, *, deadline: Seconds | None = ...,
        max_concurrency: int | None = ..., parent_step: str | None = ...,
    ) -> tuple[T1, T2, T3, T4, T5]: ...  # fmt: skip
    @overload
    async def parallel(
        self, group: str | UUID, m1: tuple[str, Typed[T1]], m2: tuple[str, Typed[T2]], m3: tuple[str, Typed[T3]],
        m4: tuple[str, Typed[T4]], m5: tuple[str, Typed[T5]], m6: tuple[str, Typed[T6]], /, *,
        deadline: Seconds | None = ..., max_concurrency: int | None = ..., parent_step: str | None = ...,
    ) -> tuple[T1, T2, T3, T4, T5, T6]: ...  # fmt: skip
    @overload
    async def parallel(
        self, group: str | UUID, m1: tuple[str, Typed[T1]], m2: tuple[str, Typed[T2]], m3: tuple[str, Typed[T3]],
        m4: tuple[str, Typed[T4]], m5: tuple[str, Typed[T5]], m6: tuple[str, Typed[T6]], m7: tuple[str, Typed[T7]], /,
        *, deadline: Seconds | None = ..., max_concurrency: int | None = ..., parent_step: str | None = ...,
    ) -> tuple[T1, T2, T3, T4, T5, T6, T7]: ...  # fmt: skip
    @overload
    async def parallel(
        self, group: str | UUID, m1: tuple[str, Typed[T1]], m2: tuple[str, Typed[T2]], m3: tuple[str, Typed[T3]],
        m4: tuple[str, Typed[T4]], m5: tuple[str, Typed[T5]], m6: tuple[str, Typed[T6]], m7: tuple[str, Typed[T7]],
        m8: tuple[str, Typed[T8]], /, *, deadline: Seconds | None = ..., max_concurrency: int | None = ...,
        parent_step: str | None = ...,
    ) -> tuple[T1, T2, T3, T4, T5, T6, T7, T8]: ...  # fmt: skip
    @overload
    async def parallel(
        self, group: str | UUID, m1: tuple[str, Typed[T1]], m2: tuple[str, Typed[T2]], m3: tuple[str, Typed[T3]],
        m4: tuple[str, Typed[T4]], m5: tuple[str, Typed[T5]], m6: tuple[str, Typed[T6]], m7: tuple[str, Typed[T7]],
        m8: tuple[str, Typed[T8]], m9: tuple[str, Typed[T9]], /, *, deadline: Seconds | None = ...,
        max_concurrency: int | None = ..., parent_step: str | None = ...,
    ) -> tuple[T1, T2, T3, T4, T5, T6, T7, T8, T9]: ...  # fmt: skip
    @overload
    async def parallel(
        self, group: str | UUID, m1: tuple[str, Typed[T1]], m2: tuple[str, Typed[T2]], m3: tuple[str, Typed[T3]],
        m4: tuple[str, Typed[T4]], m5: tuple[str, Typed[T5]], m6: tuple[str, Typed[T6]], m7: tuple[str, Typed[T7]],
        m8: tuple[str, Typed[T8]], m9: tuple[str, Typed[T9]], m10: tuple[str, Typed[T10]], /, *,
        deadline: Seconds | None = ..., max_concurrency: int | None = ..., parent_step: str | None = ...,
    ) -> tuple[T1, T2, T3, T4, T5, T6, T7, T8, T9, T10]: ...  # fmt: skip
    @overload
    async def parallel(
        self, group: str | UUID, members: list[tuple[str, Typed[T]]], /, *, deadline: Seconds | None = ...,
        max_concurrency: int | None = ..., parent_step: str | None = ...,
    ) -> list[T]: ...  # fmt: skip
    @overload
    async def parallel(
        self, group: str | UUID, members: list[tuple[str, Any]], /, *, deadline: Seconds | None = ...,
        max_concurrency: int | None = ..., parent_step: str | None = ...,
    ) -> list[Any]: ...  # fmt: skip
    @overload
    async def parallel(
        self, group: str | UUID, m1: tuple[Any, ...], /, *more: tuple[str, Any], deadline: Seconds | None = ...,
        max_concurrency: int | None = ..., parent_step: str | None = ...,
    ) -> tuple[Any, ...]: ...  # fmt: skip
    @overload
    async def parallel(
        self, group: str | UUID, /, *, deadline: Seconds | None = ..., max_concurrency: int | None = ...,
        parent_step: str | None = ..., **members: Any,
    ) -> Results: ...  # fmt: skip
    async def parallel(
        self, group: str | UUID, /, *members: Any, deadline: Seconds | None = None, max_concurrency: int | None = None,
        parent_step: str | None = None, **named: Any,
    ) -> Any:  # fmt: skip
        """Run steps at the same time and return their results; the first failure for good ends the others and is thrown.

            user, posts = await ctx.parallel("data", ("user", fetch_user), ("posts", fetch_posts))     # 2 to 10, typed
            found = await ctx.parallel("data", user=fetch_user, posts=fetch_posts)                      # found.user
            pages = await ctx.parallel("pages", [(url, Member.step(fetch, url)) for url in urls])       # in this order

        A member is a function without arguments, a coroutine, an activity without input, or a `Member`. Each is recorded by
        itself: after a crash only what had not ended runs again. `deadline` throws a TIMEOUT when it passes first; at most
        `max_concurrency` members run at a time; `parent_step` is for display. A group named by a UUID: see ParallelExecutor.
        """
        if members and named:
            raise TypeError("name all members by keywords, or none")
        pairs, shape = _pairs(members, named)
        if not pairs:
            return shape([], [])
        opening = new_opening(FAIL_FAST, len(pairs), deadline=deadline, max_concurrency=max_concurrency, parent_step=parent_step)
        joined, plans = await self._join(group, pairs, opening)
        _raise_unless_succeeded(joined, plans)
        values = result_of(joined, plans).results
        return shape(list(values), list(values.values()))

    async def parallel_vec(
        self, group: str | UUID, members: Sequence[tuple[str, Typed[T]]], *, deadline: Seconds | None = None,
        max_concurrency: int | None = None, parent_step: str | None = None,
    ) -> list[T]:  # fmt: skip
        """`parallel` with a list of any length: results in the order of the members."""
        return await self.parallel(
            group, list(members), deadline=deadline, max_concurrency=max_concurrency, parent_step=parent_step
        )

    async def race(
        self, group: str | UUID, members: Sequence[tuple[str, Typed[T]]], *, deadline: Seconds | None = None,
        max_concurrency: int | None = None, parent_step: str | None = None,
    ) -> tuple[str, T]:  # fmt: skip
        """The first success wins: gives the winner's name and result, the same on every replay. The others are cancelled.

        When all fail, `GroupFailed` names each failure.
        """
        if not members:
            raise ValueError(f"race {group!r} has no members: nobody can win it")
        opening = new_opening(RACE, len(members), deadline=deadline, max_concurrency=max_concurrency, parent_step=parent_step)
        joined, plans = await self._join(group, members, opening)
        _raise_unless_succeeded(joined, plans)
        assert joined.record is not None
        winner = joined.record.winner.removeprefix(f"{joined.key}/")
        return winner, result_of(joined, [(name, plan) for name, plan in plans if name == winner]).results[winner]

    async def collect(
        self, group: str | UUID, members: Sequence[tuple[str, Typed[T]]], *, quorum: int | None = None,
        deadline: Seconds | None = None, max_concurrency: int | None = None, parent_step: str | None = None,
    ) -> ParallelResult[T]:  # fmt: skip
        """Run all members to their end and give results and failures by name; failures are not thrown.

        With `quorum` so many successes are enough: the others are cancelled then, and are `unfinished` in the result. As soon as
        it is out of reach, `GroupFailed` names each failure. With `deadline` it gives what is there when the deadline passes.
        """
        if quorum is not None and not 1 <= quorum <= len(members):
            raise ValueError(f"a quorum of {quorum} cannot be reached with {len(members)} members")
        if not members:
            return ParallelResult({})
        opening = new_opening(
            COLLECT_ALL if quorum is None else QUORUM, len(members), quorum=quorum or 0, deadline=deadline,
            max_concurrency=max_concurrency, parent_step=parent_step,
        )  # fmt: skip
        joined, plans = await self._join(group, members, opening)
        assert joined.record is not None
        if joined.record.verdict == FAILED:
            what = f"group {joined.key!r} cannot reach {quorum} of {len(plans)}"
            raise GroupFailed(joined.key, _failures(joined, plans), what)
        if joined.record.verdict == CANCELLED:
            raise cut_off(joined.record, joined.key)
        return result_of(joined, plans, quorum)

    async def _join(
        self, group: str | UUID, members: Sequence[tuple[str, Any]], opening: worker.OpenGroup
    ) -> tuple[Group, list[tuple[str, Plan]]]:
        plans = plans_of(self._run.encode, members)
        return await self._run.groups.join(group_name(group), opening, plans, isinstance(group, str)), plans


def _raise_unless_succeeded(group: Group, plans: Sequence[tuple[str, Plan]]) -> None:
    record = group.record
    assert record is not None
    if record.verdict == SUCCEEDED:
        return
    if record.failed_step:
        outcome = group.members[record.failed_step].outcome
        assert isinstance(outcome, BaseException)
        raise outcome
    if record.verdict == FAILED:
        raise GroupFailed(group.key, _failures(group, plans), f"all {len(plans)} members of race {group.key!r} failed")
    raise cut_off(record, group.key)


def _failures(group: Group, plans: Sequence[tuple[str, Plan]]) -> dict[str, StepError]:
    result = result_of(group, plans)
    return {name: error for name, error in result.errors.items() if name not in result.unfinished}


def _pairs(members: tuple[Any, ...], named: dict[str, Any]) -> tuple[list[tuple[str, Any]], Callable[..., Any]]:
    """The members as pairs, and what makes the answer from their names and values."""
    if named or not members:
        return list(named.items()), lambda names, values: Results(dict(zip(names, values, strict=True)))
    first = members[0]
    if len(members) == 1 and isinstance(first, list):
        return list(first), lambda names, values: values
    if len(members) == 1 and isinstance(first, tuple) and all(isinstance(each, tuple) for each in first):
        members = first  # a tuple of pairs
    if len(members) > MAX_PAIRS:
        raise TypeError(f"at most {MAX_PAIRS} members one by one, not {len(members)}: give a list, or use parallel_vec")
    return list(members), lambda names, values: tuple(values)
