"""The attempts of a run's local steps that are at work."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Protocol

from ._wait import Wait


class LocalHost(Protocol):
    """Where local steps run."""

    loop: asyncio.AbstractEventLoop

    @property
    def executor(self) -> Executor | None:
        """Where functions run that are not async."""
        ...


class LocalSteps:
    """Starts attempts, now or after a delay, and tells when they have ended."""

    def __init__(self, host: LocalHost, ended: Callable[[Wait, asyncio.Task[Any]], None]) -> None:
        self.running = 0
        """Attempts at work or waiting for their delay, without detached ones."""
        self._host = host
        self._ended = ended

    def start(self, wait: Wait, attempt: int, delay: float) -> None:
        """Begin an attempt."""
        self.running += 1
        wait.attempt = attempt
        wait.is_left = False
        if delay > 0:
            wait.timer = self._host.loop.call_later(delay, self._call, wait)
        else:
            self._call(wait)

    def _call(self, wait: Wait) -> None:
        assert wait.call is not None
        wait.timer = None
        wait.started = self._host.loop.time()
        wait.task = self._host.loop.create_task(wait.call.run(self._host.executor))
        wait.task.add_done_callback(functools.partial(self._attempt_ended, wait))

    def _attempt_ended(self, wait: Wait, task: asyncio.Task[Any]) -> None:
        wait.task = None
        if wait.is_detached:
            if not task.cancelled():
                task.exception()  # nobody wants it
            return
        self.running -= 1
        self._ended(wait, task)

    def cancel(self, wait: Wait) -> bool:
        """Cancel its attempt. True: the end of it will come; False: none is at work (any more)."""
        if wait.timer is not None:
            wait.timer.cancel()
            wait.timer = None
            self.running -= 1
            return False
        if wait.task is None:
            return False
        if wait.call is not None and wait.call.can_cancel:
            wait.task.cancel()
        return True

    def detach(self, wait: Wait) -> None:
        """Whatever comes of its attempt is of no use: end it if that can be, and count it no more."""
        if self.cancel(wait):
            self.running -= 1
            wait.is_detached = True
