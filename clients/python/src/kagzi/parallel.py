"""Parallel execution: what `ctx.parallel` and its kin give and take, and the executor for members that come one by one."""

from __future__ import annotations

import enum
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload
from uuid import UUID

from ._group import COLLECT_ALL, DEADLINE, FAIL_FAST, GROUP_CANCELLED, GROUP_FAILED, Group, cut_off
from ._members import Member, Plan, activity_plan, child_plan, local_plan, new_call
from ._messages import common, worker
from ._times import Seconds, to_duration
from .definitions import Activity, Workflow
from .errors import ErrorKind, StepError
from .retry import RetryPolicy

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import ActivityOptions, ChildOptions
    from .context import Context

In = TypeVar("In", contravariant=True)
T = TypeVar("T")

MAX_MEMBERS = 20_000
"""The most members of one group."""


class ParallelErrorStrategy(enum.IntEnum):
    """What the failure of a member means for its group."""

    FAIL_FAST = FAIL_FAST
    """The first failure for good ends the group; members that have not ended are cancelled."""
    COLLECT_ALL = COLLECT_ALL
    """Every member runs to its end."""


@dataclass(frozen=True)
class ParallelResult(Generic[T]):
    """The results and the failures of a group's members, by their names, in the order asked."""

    results: dict[str, T]
    errors: dict[str, StepError] = field(default_factory=dict)
    unfinished: tuple[str, ...] = ()
    """Members that had not ended when the group was resolved: its deadline passed, or its quorum was reached."""
    quorum: int | None = None
    """How many successes were asked for; None: that of every member."""
    is_deadline_passed: bool = False
    """Whether the group's deadline passed before it was done. Its unfinished members are among the errors then."""

    @property
    def is_success(self) -> bool:
        """Whether what was asked for was reached: the quorum if there is one, else the success of every member."""
        if self.quorum is not None:
            return len(self.results) >= self.quorum
        return not self.errors and not self.unfinished

    @property
    def first_error(self) -> StepError | None:
        """The failure of the first member, in the order asked, that failed."""
        return next(iter(self.errors.values()), None)

    def into_result(self) -> list[T]:
        """The results; throws the first error if it is no success."""
        if self.is_success:
            return list(self.results.values())
        raise self.first_error or StepError(
            ErrorKind.CANCELLED, f"not all members have ended: {', '.join(self.unfinished)}", code=GROUP_CANCELLED
        )


class GroupFailed(StepError):
    """Nothing can succeed any more: all members of a race failed, or too many of a quorum. Its code is `GROUP_FAILED`.

    `errors` has the failure of each, by its name; its kind is theirs if they share one.
    """

    def __init__(self, group: str, errors: dict[str, StepError], what: str = "") -> None:
        """`what` became of the group, in a few words."""
        kinds = {error.kind for error in errors.values()}
        each = "; ".join(f"{name}: {error.message}" for name, error in errors.items())
        super().__init__(
            kinds.pop() if len(kinds) == 1 else ErrorKind.UNKNOWN,
            f"{what or f'no member of group {group!r} succeeded'}: {each}",
            source=group,
            context={name: str(error) for name, error in errors.items()},
            code=GROUP_FAILED,
        )
        self.errors = errors


class Results:
    """Results of named members: `r.user`, `r["user"]`, `r[0]`, or `user, posts = r`."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, Any]) -> None:
        """Made by `ctx.parallel`."""
        self._values = values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"the group has no member {name!r}, only {', '.join(self._values)}") from None

    def __getitem__(self, name: str | int) -> Any:
        return list(self._values.values())[name] if isinstance(name, int) else self._values[name]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values.values())

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Results({', '.join(f'{name}={value!r}' for name, value in self._values.items())})"


class ParallelExecutor:
    """Members of a group that come one by one, from concurrent asyncio tasks.

        executor = ParallelExecutor(ctx, "user-data")
        user, posts = await asyncio.gather(
            executor.execute_step("user", fetch_user, user_id),
            executor.execute_activity("posts", fetch_posts, user_id),
        )

    FAIL_FAST: the first failure for good ends the group; what has not ended is cancelled and throws a `StepError` of kind
    CANCELLED. COLLECT_ALL: each member throws its own failure, the others go on. `results()` gathers both.

    The group may be named by a UUID, as in `uuid.uuid4()`. A fresh one differs each time the function is called, so its value
    is not used: the group is named `parallel`, and the k-th in a function `parallel#k`, which is the same on every replay.
    """

    def __init__(
        self, ctx: Context, group: str | UUID, parent_step: str | None = None,
        strategy: ParallelErrorStrategy = ParallelErrorStrategy.FAIL_FAST, *, deadline: Seconds | None = None,
        max_concurrency: int | None = None,
    ) -> None:  # fmt: skip
        """Open a group when its first member comes. `parent_step` is for display: the step it belongs to."""
        self._run = ctx._run
        opening = new_opening(strategy, 0, deadline=deadline, max_concurrency=max_concurrency, parent_step=parent_step)
        self._group = self._run.groups.make(group_name(group), opening)
        self._plans: list[tuple[str, Plan]] = []

    @overload
    async def execute_step(
        self, name: str, function: Callable[..., Coroutine[Any, Any, T]], *args: Any, retry: RetryPolicy | None = None,
        returns: Any = None,
    ) -> T: ...  # fmt: skip
    @overload
    async def execute_step(
        self, name: str, function: Coroutine[Any, Any, T], *, retry: RetryPolicy | None = None, returns: Any = None
    ) -> T: ...
    @overload
    async def execute_step(
        self, name: str, function: Callable[..., T], *args: Any, retry: RetryPolicy | None = None, returns: Any = None
    ) -> T: ...
    async def execute_step(
        self, name: str, function: Any, *args: Any, retry: RetryPolicy | None = None, returns: Any = None
    ) -> Any:
        """Run a function here as a member; see `ctx.step`."""
        return await self._execute(name, local_plan(new_call(function, args, retry, returns), retry))

    @overload
    async def execute_activity(self, name: str, activity: Activity[None, T], **options: Unpack[ActivityOptions]) -> T: ...
    @overload
    async def execute_activity(
        self, name: str, activity: Activity[In, T], input: In, **options: Unpack[ActivityOptions]
    ) -> T: ...
    @overload
    async def execute_activity(self, name: str, activity: str, input: Any = None, **options: Unpack[ActivityOptions]) -> Any: ...
    async def execute_activity(self, name: str, activity: Any, input: Any = None, **options: Any) -> Any:
        """Run an activity as a member; see `ctx.activity`."""
        return await self._execute(name, activity_plan(self._run.encode, activity, input, **options))

    @overload
    async def execute_child(self, name: str, workflow: Workflow[None, T], **options: Unpack[ChildOptions]) -> T: ...
    @overload
    async def execute_child(self, name: str, workflow: Workflow[In, T], input: In, **options: Unpack[ChildOptions]) -> T: ...
    @overload
    async def execute_child(self, name: str, workflow: str, input: Any = None, **options: Unpack[ChildOptions]) -> Any: ...
    async def execute_child(self, name: str, workflow: Any, input: Any = None, **options: Any) -> Any:
        """Run a child workflow as a member; see `ctx.child`."""
        return await self._execute(name, child_plan(self._run.encode, workflow, input, **options))

    async def _execute(self, name: str, plan: Plan) -> Any:
        self._plans.append((name, plan))
        return await self._run.groups.execute(self._group, name, plan)

    def results(self) -> ParallelResult[Any]:
        """What the members that were executed so far have come to."""
        return result_of(self._group, self._plans)


def group_name(group: str | UUID) -> str:
    """A group's name; a UUID's value is not used, see ParallelExecutor."""
    return "parallel" if isinstance(group, UUID) else group


def new_opening(
    strategy: int, member_count: int, *, quorum: int = 0, deadline: Seconds | None = None,
    max_concurrency: int | None = None, parent_step: str | None = None,
) -> worker.OpenGroup:  # fmt: skip
    """How a group is opened, but for its key."""
    if member_count > MAX_MEMBERS:
        raise ValueError(f"a group has at most {MAX_MEMBERS:,} members, not {member_count:,}: use several, or child workflows")
    if max_concurrency is not None and max_concurrency < 1:
        raise ValueError("max_concurrency is at least 1; leave it out for no limit")
    opening = worker.OpenGroup(
        strategy=int(strategy),  # type: ignore[arg-type]
        member_count=member_count,
        quorum=quorum,
        max_concurrency=max_concurrency or 0,
        parent_step=parent_step or "",
    )
    if deadline is not None:
        opening.deadline.CopyFrom(to_duration(deadline))
        if not opening.deadline.seconds and not opening.deadline.nanos:
            raise ValueError("a group's deadline is longer than zero; leave it out for none")
    return opening


def plans_of(encode: Callable[[Any, str], common.Payload], members: Sequence[tuple[str, Any]]) -> list[tuple[str, Plan]]:
    """Members ready to be asked for. Nothing is sent if one of them cannot be used."""
    names: set[str] = set()
    for pair in members:
        if not isinstance(pair, tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            raise TypeError(f"a member of a group is a pair (name, function or Member), not {pair!r}")
        if pair[0] in names:
            raise ValueError(f"two members of the group are named {pair[0]!r}: give each its own name")
        names.add(pair[0])
    return [(name, Member.of(member).plan(encode)) for name, member in members]


def result_of(group: Group, plans: Sequence[tuple[str, Plan]], quorum: int | None = None) -> ParallelResult[Any]:
    """Results and errors of what has ended."""
    results: dict[str, Any] = {}
    errors: dict[str, StepError] = {}
    unfinished: list[str] = []
    for name, plan in plans:
        wait = group.members.get(f"{group.key}/{name}")
        outcome = None if wait is None else wait.outcome
        if wait is None or outcome is None or wait.was_cancelled:
            unfinished.append(name)
            outcome = _error_of_unfinished(group, name, outcome)
        if isinstance(outcome, common.Payload):
            results[name] = _decode(outcome, plan)
        elif isinstance(outcome, StepError):
            errors[name] = outcome
    if quorum is not None and len(results) >= quorum:
        # It is reached: what it left unfinished is no error.
        errors = {name: error for name, error in errors.items() if name not in unfinished}
    is_deadline_passed = group.record is not None and group.record.verdict == DEADLINE
    return ParallelResult(results, errors, tuple(unfinished), quorum, is_deadline_passed)


def _error_of_unfinished(group: Group, name: str, outcome: Any) -> Any:
    """None for a member that still runs, and for those that another's failure cut off: that failure is the error."""
    if group.record is not None and group.record.verdict == DEADLINE:
        return cut_off(group.record, f"{group.key}/{name}")
    return None if group.opening.strategy == FAIL_FAST else outcome


def _decode(outcome: common.Payload, plan: Plan) -> Any:
    from ._payloads import decode

    return decode(outcome, plan.returns)
