"""A small event loop for one workflow function.

The function runs on it as an ordinary asyncio task, so `asyncio.gather`, `asyncio.wait`, locks and task groups work. The
loop does no I/O: it runs what is ready and returns. When nothing is ready any more, everything in the function waits for
its context, exactly: that is how the runtime knows that the function can be suspended. Real time (`asyncio.sleep`,
`asyncio.timeout`) and threads (`asyncio.to_thread`) are passed on to the worker's loop and counted in `foreign`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import deque
from collections.abc import Callable
from contextvars import Context as Variables
from typing import Any

logger = logging.getLogger("kagzi.workflow")

MAX_CALLS_AT_ONCE = 10_000
"""After so many callbacks the worker's loop gets a turn."""


class WorkflowLoop(asyncio.AbstractEventLoop):
    """Runs one function; `on_wake` is called when something of it became ready outside of `run`.

    While `is_held` is true, `on_wake` is not called: the runtime is about to call `run` itself.
    """

    def __init__(self, worker_loop: asyncio.AbstractEventLoop, on_wake: Callable[[], None]) -> None:
        self.foreign = 0
        self.is_held = False
        self._worker_loop = worker_loop
        self._on_wake = on_wake
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: dict[int, asyncio.TimerHandle] = {}  # by the id of the function's own handle
        self._tasks: list[asyncio.Task[Any]] = []
        self._most_tasks = 16  # when there are more, those that have ended are forgotten
        self._is_running = False
        self._will_wake = False
        self._is_dropped = False

    # What the runtime calls

    def run(self) -> None:
        """Run everything that is ready, and what becomes ready by it."""
        ready = self._ready
        if not ready or self._is_running:
            return
        outer_loop = asyncio._get_running_loop()
        outer_task = None if outer_loop is None else asyncio.current_task(outer_loop)
        if outer_loop is not None and outer_task is not None:
            asyncio.tasks._leave_task(outer_loop, outer_task)
        asyncio._set_running_loop(self)
        self._is_running = True
        try:
            for _ in range(MAX_CALLS_AT_ONCE):
                if not ready:
                    break
                handle = ready.popleft()
                if not handle.cancelled():
                    try:
                        handle._run()
                    except SystemExit:  # the task holds it as its exception
                        pass
        finally:
            self._is_running = False
            asyncio._set_running_loop(outer_loop)
            if outer_loop is not None and outer_task is not None:
                asyncio.tasks._enter_task(outer_loop, outer_task)
        if ready:
            self._wake_soon()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is ready to run."""
        return not self._ready

    @property
    def has_live_tasks(self) -> bool:
        """Whether a task of the function has not ended."""
        return any(not task.done() for task in self._tasks)

    def drop(self) -> None:
        """End all tasks where they stand. What they do about it has no effect."""
        self._is_dropped = True
        self._on_wake = _nothing  # no way back to the runtime: it can be freed though a future of this loop lives on
        self._ready.clear()
        for real in self._timers.values():
            real.cancel()
        self._timers.clear()
        self.foreign = 0
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            if task.done():
                continue
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coroutine = task.get_coro()
            try:
                coroutine.close()
            except BaseException as error:
                logger.debug("a dropped workflow function went on and was ignored: %r", error)
        self._ready.clear()

    def _wake_soon(self) -> None:
        if not self._will_wake and not self._is_dropped:
            self._will_wake = True
            self._worker_loop.call_soon(self._wake)

    def _wake(self) -> None:
        self._will_wake = False
        if not self._is_dropped:
            self._on_wake()

    # What asyncio calls

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Variables | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        if not self._is_dropped:
            self._ready.append(handle)
            if not self._is_running and not self.is_held:
                self._wake_soon()
        return handle

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Variables | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._worker_loop.call_soon_threadsafe(self._enqueue, handle)
        return handle

    def _enqueue(self, handle: asyncio.Handle) -> None:
        if not self._is_dropped:
            self._ready.append(handle)
            self._wake_soon()

    def time(self) -> float:
        return self._worker_loop.time()

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Variables | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Variables | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        if not self._is_dropped:
            self.foreign += 1
            self._timers[id(timer)] = self._worker_loop.call_at(when, self._fire, timer)
        return timer

    def _fire(self, timer: asyncio.TimerHandle) -> None:
        if self._timers.pop(id(timer), None) is not None:
            self.foreign -= 1
            self._ready.append(timer)
            self._wake()

    def _timer_handle_cancelled(self, timer: asyncio.TimerHandle) -> None:
        real = self._timers.pop(id(timer), None)
        if real is not None:
            real.cancel()
            self.foreign -= 1

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        if sys.version_info < (3, 11):
            options.pop("context", None)
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, **options)
        self._tasks.append(task)
        if len(self._tasks) > self._most_tasks:
            self._tasks = [each for each in self._tasks if not each.done()]
            self._most_tasks = max(16, 2 * len(self._tasks))
        return task

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        outer = self.create_future()
        inner = self._worker_loop.run_in_executor(executor, func, *args)
        self.foreign += 1

        def ended(future: asyncio.Future[Any]) -> None:
            if self._is_dropped:
                return
            self.foreign -= 1
            if not outer.done():
                if future.cancelled():
                    outer.cancel()
                elif (error := future.exception()) is not None:
                    outer.set_exception(error)
                else:
                    outer.set_result(future.result())
            self._wake()

        inner.add_done_callback(ended)
        return outer

    def is_running(self) -> bool:
        return self._is_running

    def is_closed(self) -> bool:
        return self._is_dropped

    def get_debug(self) -> bool:
        return False

    def get_task_factory(self) -> None:
        return None

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None and not self._is_dropped:  # without one it says that a suspended task was dropped
            logger.error("in a workflow function: %s", context.get("message"), exc_info=error)

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        self.call_exception_handler(context)


def _nothing() -> None:
    pass


def _refusal(name: str) -> Callable[..., Any]:
    def refuse(self: WorkflowLoop, *args: Any, **options: Any) -> Any:
        raise RuntimeError(
            f"a workflow function cannot do I/O itself (it called loop.{name}): do it in a step, "
            f"`await ctx.step('name', function, ...)`, or in an activity"
        )

    return refuse


for _name in vars(asyncio.AbstractEventLoop):
    if not _name.startswith("_") and _name not in vars(WorkflowLoop):
        setattr(WorkflowLoop, _name, _refusal(_name))
