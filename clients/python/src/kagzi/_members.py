"""What a step of a run is made from: a local function, an activity, a child."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from ._call import Call
from ._messages import common, worker
from ._messages import run as records
from ._times import Seconds, to_duration
from .definitions import Activity, ParentClosePolicy, Workflow
from .retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from typing_extensions import Unpack

    from ._options import ActivityOptions, ChildOptions

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out")
T = TypeVar("T")

Encode = Callable[[Any, str], common.Payload]
"""Turns a value into a payload; the text says what it is, for an error."""


class Plan:
    """A step ready to be asked for: its kind, and a call or a command without its key."""

    __slots__ = ("call", "command", "kind", "policy", "returns")

    def __init__(
        self, kind: int, returns: Any, call: Call | None = None, policy: common.RetryPolicy | None = None,
        command: worker.Command | None = None,
    ) -> None:  # fmt: skip
        self.kind = kind
        self.returns = returns
        self.call = call
        self.policy = policy
        self.command = command


class Member(Generic[Out]):
    """A member of a parallel group: `Member.step(f, x)`, `Member.activity(charge, order)` or `Member.child(ship, order)`.

    A function without arguments, a coroutine, or an activity without input can stand for itself.
    """

    __slots__ = ("_plan", "is_single_use")

    def __init__(self, plan: Callable[[Encode], Plan], is_single_use: bool = False) -> None:
        """Use the static methods."""
        self._plan = plan
        self.is_single_use = is_single_use

    @overload
    @staticmethod
    def step(
        function: Callable[..., Coroutine[Any, Any, T]], *args: Any, retry: RetryPolicy | None = None, returns: Any = None
    ) -> Member[T]: ...
    @overload
    @staticmethod
    def step(function: Coroutine[Any, Any, T], *, retry: RetryPolicy | None = None, returns: Any = None) -> Member[T]: ...
    @overload
    @staticmethod
    def step(function: Callable[..., T], *args: Any, retry: RetryPolicy | None = None, returns: Any = None) -> Member[T]: ...
    @staticmethod
    def step(function: Any, *args: Any, retry: RetryPolicy | None = None, returns: Any = None) -> Member[Any]:
        """A function that runs here, as `ctx.step` runs it."""
        call = new_call(function, args, retry, returns)
        return Member(lambda encode: local_plan(call, retry), is_single_use=not call.can_repeat)

    @overload
    @staticmethod
    def activity(activity: Activity[None, T], **options: Unpack[ActivityOptions]) -> Member[T]: ...
    @overload
    @staticmethod
    def activity(activity: Activity[In, T], input: In, **options: Unpack[ActivityOptions]) -> Member[T]: ...
    @overload
    @staticmethod
    def activity(activity: str, input: Any = None, **options: Unpack[ActivityOptions]) -> Member[Any]: ...
    @staticmethod
    def activity(activity: Any, input: Any = None, **options: Any) -> Member[Any]:
        """An activity; its options are those of `ctx.activity`."""
        activity_name(activity)
        return Member(lambda encode: activity_plan(encode, activity, input, **options))

    @overload
    @staticmethod
    def child(workflow: Workflow[None, T], **options: Unpack[ChildOptions]) -> Member[T]: ...
    @overload
    @staticmethod
    def child(workflow: Workflow[In, T], input: In, **options: Unpack[ChildOptions]) -> Member[T]: ...
    @overload
    @staticmethod
    def child(workflow: str, input: Any = None, **options: Unpack[ChildOptions]) -> Member[Any]: ...
    @staticmethod
    def child(workflow: Any, input: Any = None, **options: Any) -> Member[Any]:
        """A child workflow; its options are those of `ctx.child`."""
        workflow_name(workflow)
        return Member(lambda encode: child_plan(encode, workflow, input, **options))

    @staticmethod
    def of(member: Any) -> Member[Any]:
        """What stands for itself, as a member."""
        if isinstance(member, Member):
            return member
        if isinstance(member, Activity):
            return Member.activity(member)
        if isinstance(member, Workflow):
            return Member.child(member)
        return Member.step(member)

    def plan(self, encode: Encode) -> Plan:
        """Called by the context."""
        return self._plan(encode)


def new_call(function: Any, args: tuple[Any, ...], retry: RetryPolicy | None, returns: Any) -> Call:
    """A local step's call; refuses retries of what can run only once."""
    call = Call(function, args, returns)
    if not call.can_repeat and retry is not None and retry.max_attempts > 1:
        call.discard()
        raise TypeError("a coroutine can be awaited only once: for retries pass the function and its arguments")
    return call


def local_plan(call: Call, retry: RetryPolicy | None) -> Plan:
    """A local step."""
    return Plan(records.STEP_KIND_LOCAL, call.returns, call, None if retry is None else retry.message())


def activity_name(activity: Any) -> str:
    """The registered name of an activity that is named by its function or its name."""
    if isinstance(activity, Activity):
        return activity.name
    if isinstance(activity, str):
        return activity
    raise TypeError("name an activity by its registered name or by the function that @activity made")


def workflow_name(workflow: Any) -> str:
    """The registered name of a workflow that is named by its function or its name."""
    if isinstance(workflow, Workflow):
        return workflow.name
    if isinstance(workflow, str):
        return workflow
    raise TypeError("name a workflow by its registered name or by the function that @workflow made")


def activity_plan(
    encode: Encode, activity: Any, input: Any = None, *, step: str | None = None, retry: RetryPolicy | None = None,
    version: int | None = None, task_queue: str | None = None, priority: int | None = None,
    schedule_to_start_timeout: Seconds | None = None, start_to_close_timeout: Seconds | None = None,
    schedule_to_close_timeout: Seconds | None = None, heartbeat_timeout: Seconds | None = None, returns: Any = None,
) -> Plan:  # fmt: skip
    """An activity."""
    name = activity_name(activity)
    if returns is None:
        returns = activity.output_type if isinstance(activity, Activity) else Any
    command = worker.Command()
    schedule = command.schedule_activity
    schedule.activity_type = name
    schedule.input.CopyFrom(encode(input, f"the input of activity {name!r}"))
    if version is not None:
        schedule.activity_version = version
    if task_queue is not None:
        schedule.task_queue = task_queue
    if priority is not None:
        schedule.priority = priority
    if retry is not None:
        schedule.retry_policy.CopyFrom(retry.message())
    if schedule_to_start_timeout is not None:
        schedule.schedule_to_start_timeout.CopyFrom(to_duration(schedule_to_start_timeout))
    if start_to_close_timeout is not None:
        schedule.start_to_close_timeout.CopyFrom(to_duration(start_to_close_timeout))
    if schedule_to_close_timeout is not None:
        schedule.schedule_to_close_timeout.CopyFrom(to_duration(schedule_to_close_timeout))
    if heartbeat_timeout is not None:
        schedule.heartbeat_timeout.CopyFrom(to_duration(heartbeat_timeout))
    return Plan(records.STEP_KIND_ACTIVITY, returns, command=command)


def child_plan(
    encode: Encode, workflow: Any, input: Any = None, *, step: str | None = None, id: str | None = None,
    version: int | None = None, task_queue: str | None = None,
    parent_close_policy: ParentClosePolicy | None = None, run_timeout: Seconds | None = None,
    retry: RetryPolicy | None = None, tags: Mapping[str, str] | None = None, returns: Any = None,
) -> Plan:  # fmt: skip
    """A child workflow."""
    name = workflow_name(workflow)
    if returns is None:
        returns = workflow.output_type if isinstance(workflow, Workflow) else Any
    command = worker.Command()
    start = command.start_child
    start.workflow_type = name
    start.input.CopyFrom(encode(input, f"the input of child workflow {name!r}"))
    start.workflow_id = id or ""
    start.task_queue = task_queue or ""
    if version is not None:
        start.workflow_version = version
    if parent_close_policy is not None:
        start.parent_close_policy = int(parent_close_policy)  # type: ignore[assignment]
    if run_timeout is not None:
        start.run_timeout.CopyFrom(to_duration(run_timeout))
    if retry is not None:
        start.retry_policy.CopyFrom(retry.message())
    for key, value in (tags or {}).items():
        start.tags[key] = value
    return Plan(records.STEP_KIND_CHILD, returns, command=command)
