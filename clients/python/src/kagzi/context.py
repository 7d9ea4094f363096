"""What a workflow function sees of its run."""

from __future__ import annotations

import functools
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, overload

from ._call import Call
from ._messages import worker
from ._times import Seconds, datetime_of, to_duration, to_timestamp
from .definitions import Activity
from .retry import RetryPolicy, RetryPredicate

if TYPE_CHECKING:
    from ._run import WorkflowRun

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)
T = TypeVar("T")
P = ParamSpec("P")


class Context:
    """Given to a workflow function. Everything that must survive a crash goes through it.

    The function is called again after a crash: what its steps returned is recorded and returned at once, so it must do
    the same with the same results. Time, chance and the outside world belong in steps, `now()` and `random()`.
    """

    def __init__(self, run: WorkflowRun) -> None:
        """Made by the worker."""
        self._run = run

    # The run

    @property
    def run_id(self) -> str:
        """The run."""
        return self._run.run_id

    @property
    def workflow_id(self) -> str:
        """The caller's own key of the run."""
        return self._run.task.workflow_id

    @property
    def workflow_name(self) -> str:
        """The registered name of the workflow."""
        return self._run.task.workflow_type

    @property
    def version(self) -> int:
        """The version the run is pinned to."""
        return self._run.task.workflow_version

    @property
    def namespace(self) -> str:
        """The run's namespace."""
        return self._run.task.namespace or "default"

    @property
    def attempt(self) -> int:
        """The attempt of the run itself, from 1; more than 1 only with a run-level retry."""
        return self._run.task.attempt

    @property
    def headers(self) -> Mapping[str, str]:
        """What was sent along with the start, such as trace context."""
        return self._run.task.headers

    @property
    def is_cancelled(self) -> bool:
        """Whether cancellation was asked for."""
        return self._run.is_cancelled

    def now(self) -> datetime:
        """When the run first began, by the database's clock: the same on every replay. It does not move on."""
        return datetime_of(self._run.task.workflow.now)

    def random(self) -> random.Random:
        """The run's own random numbers, the same on every replay: `ctx.random().randint(1, 6)`."""
        return self._run.random()

    # Steps

    @overload
    def step(self, name: str, *, retry: RetryPolicy | None = None, returns: Any = None) -> _StepDecorator: ...
    @overload
    def step(
        self, name: str, function: Callable[..., Awaitable[T]], *args: Any, retry: RetryPolicy | None = None,
        returns: Any = None,
    ) -> Coroutine[Any, Any, T]: ...  # fmt: skip
    @overload
    def step(
        self, name: str, function: Coroutine[Any, Any, T], *, retry: RetryPolicy | None = None, returns: Any = None
    ) -> Coroutine[Any, Any, T]: ...
    @overload
    def step(
        self, name: str, function: Callable[..., T], *args: Any, retry: RetryPolicy | None = None, returns: Any = None
    ) -> Coroutine[Any, Any, T]: ...
    def step(self, name: str, function: Any = None, *args: Any, retry: RetryPolicy | None = None, returns: Any = None) -> Any:
        """Run a function once and record what it returns: `user = await ctx.step("fetch-user", fetch_user, user_id)`.

        An async function runs on the worker's event loop, any other in a thread. Once recorded, the outcome never changes
        and the function is not called again, whatever happens to workers. Without `retry` there is one attempt; a failure
        is thrown as `StepError`. `returns` is the result's type, if the function has no annotation that says it.
        Without a function it is a decorator: the decorated function is a step each time it is called.
        """
        if function is None:
            return _StepDecorator(self, name, retry, returns)
        call = Call(function, args, returns)
        if not call.can_repeat and retry is not None and retry.max_attempts > 1:
            call.discard()
            raise TypeError("a coroutine can be awaited only once: for retries pass the function and its arguments")
        return self._run.local(name, call, retry)

    def step_builder(self, name: str) -> StepBuilder:
        """A step with settings: `await ctx.step_builder("pay").retry_policy(...).execute(pay, order)`."""
        return StepBuilder(name, self)

    @overload
    def activity(
        self, activity: Activity[None, Out], *, step: str | None = None, retry: RetryPolicy | None = None,
        version: int | None = None, task_queue: str | None = None, priority: int | None = None,
        schedule_to_start_timeout: Seconds | None = None, start_to_close_timeout: Seconds | None = None,
        schedule_to_close_timeout: Seconds | None = None, heartbeat_timeout: Seconds | None = None,
        returns: Any = None,
    ) -> Coroutine[Any, Any, Out]: ...  # fmt: skip
    @overload
    def activity(
        self, activity: Activity[In, Out], input: In, *, step: str | None = None, retry: RetryPolicy | None = None,
        version: int | None = None, task_queue: str | None = None, priority: int | None = None,
        schedule_to_start_timeout: Seconds | None = None, start_to_close_timeout: Seconds | None = None,
        schedule_to_close_timeout: Seconds | None = None, heartbeat_timeout: Seconds | None = None,
        returns: Any = None,
    ) -> Coroutine[Any, Any, Out]: ...  # fmt: skip
    @overload
    def activity(
        self, activity: str, input: Any = None, *, step: str | None = None, retry: RetryPolicy | None = None,
        version: int | None = None, task_queue: str | None = None, priority: int | None = None,
        schedule_to_start_timeout: Seconds | None = None, start_to_close_timeout: Seconds | None = None,
        schedule_to_close_timeout: Seconds | None = None, heartbeat_timeout: Seconds | None = None,
        returns: Any = None,
    ) -> Coroutine[Any, Any, Any]: ...  # fmt: skip
    def activity(
        self, activity: Any, input: Any = None, *, step: str | None = None, retry: RetryPolicy | None = None,
        version: int | None = None, task_queue: str | None = None, priority: int | None = None,
        schedule_to_start_timeout: Seconds | None = None, start_to_close_timeout: Seconds | None = None,
        schedule_to_close_timeout: Seconds | None = None, heartbeat_timeout: Seconds | None = None,
        returns: Any = None,
    ) -> Coroutine[Any, Any, Any]:  # fmt: skip
        """Run an activity on any worker, in any language, that registered it: `await ctx.activity(charge, order)`.

        Name it by its function or by its registered name; the name is also the step's unless `step` gives another (steps
        that run at once need different names). Without `version` the coordinator uses the type's default. Timeouts are
        seconds or timedeltas: an attempt ends after `start_to_close_timeout` (10 min by default). Without `retry` it
        is tried as `RetryPolicy.exponential()` says. A failure for good is thrown as `StepError`.
        """
        if isinstance(activity, Activity):
            name = activity.name
            returns = activity.output_type if returns is None else returns
        elif isinstance(activity, str):
            name = activity
        else:
            raise TypeError("name an activity by its registered name or by the function that @activity made")
        command = worker.Command()
        schedule = command.schedule_activity
        schedule.activity_type = name
        schedule.input.CopyFrom(self._run.encode(input, f"the input of activity {name!r}"))
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
        return self._run.activity(step or name, command, Any if returns is None else returns)

    def sleep(self, name: str, duration: float | int | timedelta) -> Coroutine[Any, Any, None]:
        """Sleep durably, for seconds or a timedelta. The run holds no worker meanwhile; it survives restarts."""
        command = worker.Command()
        command.start_timer.delay.CopyFrom(to_duration(duration))
        return self._run.sleep(name, command)

    def sleep_until(self, name: str, when: datetime) -> Coroutine[Any, Any, None]:
        """Sleep durably until a time, by the database's clock. A past one does not sleep."""
        command = worker.Command()
        command.start_timer.fire_at.CopyFrom(to_timestamp(when))
        return self._run.sleep(name, command)

    def uncancellable(self) -> _Uncancellable:
        """Steps inside run although the run was asked to cancel: `async with ctx.uncancellable(): await ctx.step(...)`."""
        return _Uncancellable()


class _Uncancellable:
    """Marks the task that enters it, and the tasks that this one starts."""

    async def __aenter__(self) -> None:
        from ._run import is_shielded

        self._before = is_shielded.get()
        is_shielded.set(True)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        from ._run import is_shielded

        is_shielded.set(self._before)


class _StepDecorator:
    """What `ctx.step("name")` returns without a function."""

    def __init__(self, context: Context, name: str, retry: RetryPolicy | None, returns: Any) -> None:
        self._context = context
        self._name = name
        self._retry = retry
        self._returns = returns

    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __call__(self, function: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __call__(self, function: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
        @functools.wraps(function)
        def step(*args: Any, **options: Any) -> Coroutine[Any, Any, Any]:
            target = functools.partial(function, **options) if options else function
            return self._context.step(self._name, target, *args, retry=self._retry, returns=self._returns)

        return step


class StepBuilder:
    """A step with settings: `await StepBuilder("api-call").retry_policy(RetryPolicy.exponential()).execute(ctx, call)`."""

    def __init__(self, name: str, ctx: Context | None = None) -> None:
        """Name the step."""
        self._name = name
        self._context = ctx
        self._policy: RetryPolicy | None = None
        self._predicate: RetryPredicate | None = None

    def retry_policy(self, policy: RetryPolicy) -> StepBuilder:
        """When and how often it is tried again. Not set: one attempt, or exponential if a predicate is set."""
        self._policy = policy
        return self

    def retry_predicate(self, predicate: RetryPredicate) -> StepBuilder:
        """Which failures are retried. Not set: retryable ones."""
        self._predicate = predicate
        return self

    @overload
    async def execute(self, function: Callable[..., Awaitable[T]], /, *args: Any) -> T: ...
    @overload
    async def execute(self, ctx: Context, function: Callable[..., Awaitable[T]], /, *args: Any) -> T: ...
    @overload
    async def execute(self, ctx: Context, function: Callable[..., T], /, *args: Any) -> T: ...
    @overload
    async def execute(self, function: Callable[..., T], /, *args: Any) -> T: ...
    async def execute(self, *arguments: Any) -> Any:
        """Run the step: `execute(ctx, function, *args)`, or without ctx when made by `ctx.step_builder`."""
        ctx = self._context
        if arguments and isinstance(arguments[0], Context):
            ctx, *rest = arguments
            arguments = tuple(rest)
        if ctx is None:
            raise TypeError("give the context first: execute(ctx, function, ...)")
        policy = self._policy
        if self._predicate is not None:
            policy = (policy or RetryPolicy.exponential()).when(self._predicate)
        return await ctx.step(self._name, *arguments, retry=policy)
