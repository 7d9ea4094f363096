"""One call of a user's function: async functions on the worker's loop, others in a thread."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any

from .definitions import is_async, return_type


class Call:
    """A function with its arguments, to be called once an attempt; or a coroutine, which can be awaited once only."""

    __slots__ = ("_arguments", "_function", "_in_thread", "returns")

    def __init__(self, function: Any, arguments: tuple[Any, ...], returns: Any = None) -> None:
        if not callable(function) and not inspect.iscoroutine(function):
            raise TypeError(f"a step needs a function (or a coroutine) to run, not a {type(function).__qualname__}")
        self._function: Callable[..., Any] | Coroutine[Any, Any, Any] = function
        self._arguments = arguments
        self._in_thread = False
        self.returns = returns if returns is not None else (return_type(function) if callable(function) else Any)

    @property
    def can_repeat(self) -> bool:
        """Whether there can be a second attempt."""
        return callable(self._function)

    @property
    def can_cancel(self) -> bool:
        """Whether it can be cancelled now: a thread cannot."""
        return not self._in_thread

    def discard(self) -> None:
        """It will not be called, because the outcome is known: a coroutine must not warn that nobody awaited it."""
        if inspect.iscoroutine(self._function):
            self._function.close()

    async def run(self, executor: Executor | None) -> Any:
        """Call it. Must be awaited on the worker's loop."""
        function = self._function
        if not callable(function):
            return await function
        if is_async(function):
            return await function(*self._arguments)
        variables = contextvars.copy_context()
        self._in_thread = True
        try:
            result = await asyncio.get_running_loop().run_in_executor(
                executor, functools.partial(variables.run, function, *self._arguments)
            )
        finally:
            self._in_thread = False
        return await result if inspect.isawaitable(result) else result
