"""What a workflow function sees of its run."""

from __future__ import annotations

import functools
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar, overload

from ._members import Plan, activity_name, activity_plan, child_plan, local_plan, new_call, workflow_name
from ._messages import run as records
from ._messages import worker
from ._parallel_calls import ParallelCalls
from ._payloads import decode
from ._times import Seconds, datetime_of, to_duration, to_timestamp
from .definitions import Activity, Workflow
from .errors import ErrorKind, StepError
from .retry import RetryPolicy, RetryPredicate

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._options import ActivityOptions, ChildOptions
    from ._run import WorkflowRun

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)
T = TypeVar("T")
P = ParamSpec("P")


class Context(ParallelCalls):
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
    def workflow_run_id(self) -> str:
        """The same, by its longer name."""
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
        call = new_call(function, args, retry, returns)
        return self._run.step(name, local_plan(call, retry))

    def step_builder(self, name: str) -> StepBuilder:
        """A step with settings: `await ctx.step_builder("pay").retry_policy(...).execute(pay, order)`."""
        return StepBuilder(name, self)

    @overload
    def activity(self, activity: Activity[None, Out], **options: Unpack[ActivityOptions]) -> Coroutine[Any, Any, Out]: ...
    @overload
    def activity(
        self, activity: Activity[In, Out], input: In, **options: Unpack[ActivityOptions]
    ) -> Coroutine[Any, Any, Out]: ...
    @overload
    def activity(self, activity: str, input: Any = None, **options: Unpack[ActivityOptions]) -> Coroutine[Any, Any, Any]: ...
    def activity(self, activity: Any, input: Any = None, *, step: str | None = None, **options: Any) -> Coroutine[Any, Any, Any]:
        """Run an activity on any worker, in any language, that registered it: `await ctx.activity(charge, order)`.

        Name it by its function or by its registered name; the name is also the step's unless `step` gives another (steps
        that run at once need different names). Options: `retry`, `version` (default: the coordinator uses the type's default),
        `task_queue`, `priority`, `returns` (the result's type), and the timeouts `schedule_to_start_timeout`,
        `start_to_close_timeout` (of an attempt; 10 min by default), `schedule_to_close_timeout` and `heartbeat_timeout`,
        in seconds or timedeltas. Without `retry` it is tried as `RetryPolicy.exponential()` says. A failure for good is
        thrown as `StepError`.
        """
        return self._run.step(step or activity_name(activity), activity_plan(self._run.encode, activity, input, **options))

    @overload
    def child(self, workflow: Workflow[None, Out], **options: Unpack[ChildOptions]) -> Coroutine[Any, Any, Out]: ...
    @overload
    def child(self, workflow: Workflow[In, Out], input: In, **options: Unpack[ChildOptions]) -> Coroutine[Any, Any, Out]: ...
    @overload
    def child(self, workflow: str, input: Any = None, **options: Unpack[ChildOptions]) -> Coroutine[Any, Any, Any]: ...
    def child(self, workflow: Any, input: Any = None, *, step: str | None = None, **options: Any) -> Coroutine[Any, Any, Any]:
        """Run another workflow as a step and wait for its result: `await ctx.child(ship, order)`.

        Name it by its function or its registered name; the name is also the step's unless `step` gives another. Options:
        `id` (its workflow id; by default made from this run and the step), `version`, `task_queue` (default: this run's),
        `retry`, `run_timeout`, `tags`, `returns`, and `parent_close_policy`: what happens to it when this run closes first
        (CANCEL by default). However it ends but well, its failure is thrown as `StepError`.
        """
        return self._run.step(step or workflow_name(workflow), child_plan(self._run.encode, workflow, input, **options))

    # Waiting

    def sleep(self, name: str, duration: float | int | timedelta) -> Coroutine[Any, Any, None]:
        """Sleep durably, for seconds or a timedelta. The run holds no worker meanwhile; it survives restarts."""
        command = worker.Command()
        command.start_timer.delay.CopyFrom(to_duration(duration))
        return self._run.sleep(name, Plan(records.STEP_KIND_SLEEP, None, command=command))

    def sleep_until(self, name: str, when: datetime) -> Coroutine[Any, Any, None]:
        """Sleep durably until a time, by the database's clock. A past one does not sleep."""
        command = worker.Command()
        command.start_timer.fire_at.CopyFrom(to_timestamp(when))
        return self._run.sleep(name, Plan(records.STEP_KIND_SLEEP, None, command=command))

    @overload
    async def wait_for_signal(self, name: str, *, returns: type[T], step: str | None = None) -> T: ...
    @overload
    async def wait_for_signal(self, name: str, *, timeout: Seconds, returns: type[T], step: str | None = None) -> T | None: ...
    @overload
    async def wait_for_signal(
        self, name: str, *, timeout: Seconds | None = None, returns: Any = None, step: str | None = None
    ) -> Any: ...
    async def wait_for_signal(
        self, name: str, *, timeout: Seconds | None = None, returns: Any = None, step: str | None = None
    ) -> Any:
        """Wait for a signal and return its payload: `await ctx.wait_for_signal("approved", returns=Approval)`.

        Signals of a name are taken in the order they came, each once; one that came before anybody waited is there at once.
        With `timeout` (seconds or a timedelta) None is returned when none came in time. `returns` is the payload's type.
        """
        command = worker.Command()
        command.await_signal.signal_name = name
        if timeout is not None:
            command.await_signal.timeout.CopyFrom(to_duration(timeout))
        try:
            payload = await self._run.output(step or name, Plan(records.STEP_KIND_SIGNAL, Any, command=command))
        except StepError as error:
            if timeout is not None and error.kind is ErrorKind.TIMEOUT:
                return None
            raise
        return decode(payload, Any if returns is None else returns)

    async def continue_as_new(self, input: Any = None, *, version: int | None = None) -> NoReturn:
        """End this run and go on as a new one with the same workflow id and an empty history: `await ctx.continue_as_new(state)`.

        It never returns, and nothing the function does about it has an effect, `except` and `finally` included. Signals that
        nobody took wait for the new run. Who waits for the result waits for the new run's. `version` pins another version.
        """
        await self._run.continue_as_new(self._run.encode(input, "the input to continue with"), version)

    def uncancellable(self) -> _Uncancellable:
        """Steps inside run although the run was asked to cancel: `async with ctx.uncancellable(): await ctx.step(...)`."""
        return _Uncancellable()


class _Uncancellable:
    """Marks the task that enters it, and the tasks that this one starts."""

    async def __aenter__(self) -> None:
        from ._wait import is_shielded

        self._before = is_shielded.get()
        is_shielded.set(True)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        from ._wait import is_shielded

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
