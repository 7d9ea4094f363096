"""Workflows and activities: functions with a registered name and a version."""

from __future__ import annotations

import enum
import functools
import inspect
import typing
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from .context import Context

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)


class ParentClosePolicy(enum.IntEnum):
    """What happens to a child workflow when its parent closes."""

    CANCEL = 1
    """It is asked to cancel. The default."""
    TERMINATE = 2
    """It is closed at once."""
    ABANDON = 3
    """It goes on."""


class Workflow(Generic[In, Out]):
    """A workflow function with its registered name and version. Made by `@workflow`; calling it calls the function."""

    def __init__(self, function: Callable[..., Awaitable[Out]], name: str, version: int) -> None:
        """Describe a workflow. The function is `async def f(ctx)` or `async def f(ctx, input)`."""
        _check(name, version)
        if not is_async(function):
            raise TypeError(f"the workflow {name!r} must be an async function")
        self.function = function
        self.name = name
        self.version = version
        parameters, self.input_type, self.output_type = _signature(function)
        if not 1 <= len(parameters) <= 2:
            raise TypeError(f"the workflow {name!r} must take the context and at most one input")
        self.takes_input = len(parameters) == 2
        self.input_is_optional = self.takes_input and parameters[1].default is not inspect.Parameter.empty
        functools.update_wrapper(self, function)

    def __call__(self, ctx: Context, *input: In) -> Awaitable[Out]:
        """Call the function itself."""
        return self.function(ctx, *input)

    def __repr__(self) -> str:
        return f"<workflow {self.name!r} version {self.version}>"


class Activity(Generic[In, Out]):
    """An activity function with its registered name and version. Made by `@activity`; calling it calls the function."""

    def __init__(self, function: Callable[..., Any], name: str, version: int) -> None:
        """Describe an activity. The function takes at most one input, and an `ActivityContext` before it if it wants one."""
        _check(name, version)
        self.function = function
        self.name = name
        self.version = version
        self.is_async = is_async(function)
        parameters, self.input_type, self.output_type = _signature(function, skip_context=True)
        self.takes_context = len(parameters) > 0 and _wants_context(function, parameters[0])
        inputs = parameters[1:] if self.takes_context else parameters
        if len(inputs) > 1:
            raise TypeError(f"the activity {name!r} must take at most one input: put several into a dataclass")
        self.takes_input = len(inputs) == 1
        self.input_is_optional = self.takes_input and inputs[0].default is not inspect.Parameter.empty
        functools.update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        """Call the function itself."""
        return self.function(*arguments)

    def __repr__(self) -> str:
        return f"<activity {self.name!r} version {self.version}>"


class _WorkflowDecorator:
    def __init__(self, name: str | None, version: int) -> None:
        self._name = name
        self._version = version

    @overload
    def __call__(self, function: Callable[[Context], Awaitable[Out]]) -> Workflow[None, Out]: ...
    @overload
    def __call__(self, function: Callable[[Context, In], Awaitable[Out]]) -> Workflow[In, Out]: ...
    def __call__(self, function: Callable[..., Awaitable[Any]]) -> Workflow[Any, Any]:
        return Workflow(function, self._name or function.__name__, self._version)


class _ActivityDecorator:
    def __init__(self, name: str | None, version: int) -> None:
        self._name = name
        self._version = version

    @overload
    def __call__(self, function: Callable[[], Awaitable[Out]]) -> Activity[None, Out]: ...
    @overload
    def __call__(self, function: Callable[[In], Awaitable[Out]]) -> Activity[In, Out]: ...
    @overload
    def __call__(self, function: Callable[[Any, In], Awaitable[Out]]) -> Activity[In, Out]: ...
    @overload
    def __call__(self, function: Callable[[], Out]) -> Activity[None, Out]: ...
    @overload
    def __call__(self, function: Callable[[In], Out]) -> Activity[In, Out]: ...
    @overload
    def __call__(self, function: Callable[[Any, In], Out]) -> Activity[In, Out]: ...
    def __call__(self, function: Callable[..., Any]) -> Activity[Any, Any]:
        return Activity(function, self._name or function.__name__, self._version)


def workflow(name: str | None = None, version: int = 1) -> _WorkflowDecorator:
    """Make `async def f(ctx, input)` a workflow: `@workflow("order", version=2)`. The name defaults to the function's."""
    return _WorkflowDecorator(_text(name), version)


def activity(name: str | None = None, version: int = 1) -> _ActivityDecorator:
    """Make a function an activity: `@activity("charge")`. A function that is not async runs in a thread."""
    return _ActivityDecorator(_text(name), version)


def is_async(function: Any) -> bool:
    """Whether a function (or partial, or callable object) is async."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)


def return_type(function: Any) -> Any:
    """What a function's annotation says it returns; Any if it says nothing."""
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(function, (Workflow, Activity)):
        return function.output_type
    try:
        return _hints(function).get("return", Any)
    except TypeError:
        return Any


def _text(name: Any) -> str | None:
    if name is not None and not isinstance(name, str):
        raise TypeError("write @workflow() or @activity() with parentheses, or with a name in them")
    return name


def _check(name: str, version: int) -> None:
    if not name or len(name.encode()) > 256:
        raise ValueError("a workflow or activity name has 1 to 256 bytes")
    if version < 1:
        raise ValueError("versions begin at 1")


def _signature(function: Callable[..., Any], skip_context: bool = False) -> tuple[list[inspect.Parameter], Any, Any]:
    """Positional parameters, the input's type (the last parameter's) and the output's type."""
    parameters = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    hints = _hints(function)
    input_type = hints.get(parameters[-1].name, Any) if parameters else Any
    return parameters, input_type, hints.get("return", Any)


def _hints(function: Any) -> dict[str, Any]:
    if not inspect.isroutine(function):
        function = type(function).__call__
    try:
        return _resolved_hints(function)
    except TypeError:
        return {}


@functools.lru_cache(maxsize=4096)
def _resolved_hints(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except NameError:  # a type that exists for type checkers only
        raw = getattr(function, "__annotations__", {})
        return {name: hint for name, hint in raw.items() if not isinstance(hint, str)}


def _wants_context(function: Callable[..., Any], parameter: inspect.Parameter) -> bool:
    from .activities import ActivityContext

    hint = _hints(function).get(parameter.name)
    return hint is ActivityContext or (parameter.name == "ctx" and hint in (None, Any))
