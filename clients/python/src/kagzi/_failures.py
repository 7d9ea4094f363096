"""Between Python's exceptions and the contract's failures."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import traceback
from collections.abc import Iterator
from datetime import timedelta

import grpc

from . import _payloads
from ._messages import common
from ._times import seconds_of, to_duration
from .errors import Cancelled, DuplicateStepName, ErrorKind, StepError, WorkflowCancelled, WorkflowFailed, WorkflowTimedOut

MAX_CAUSES = 10
MAX_STACK_CHARACTERS = 16_384
MAX_MESSAGE_CHARACTERS = 8_192

_NETWORK_ERRNOS = {
    errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.EHOSTUNREACH, errno.ENETUNREACH,
    errno.ENETDOWN, errno.EHOSTDOWN, errno.ENOTCONN, errno.ENETRESET, errno.EADDRNOTAVAIL,
}  # fmt: skip

_RPC_KINDS = {
    grpc.StatusCode.UNAVAILABLE: ErrorKind.SERVICE_UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: ErrorKind.TIMEOUT,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ErrorKind.RATE_LIMITED,
    grpc.StatusCode.ABORTED: ErrorKind.SERVICE_UNAVAILABLE,
    grpc.StatusCode.INVALID_ARGUMENT: ErrorKind.INVALID_INPUT,
    grpc.StatusCode.OUT_OF_RANGE: ErrorKind.INVALID_INPUT,
    grpc.StatusCode.NOT_FOUND: ErrorKind.NOT_FOUND,
    grpc.StatusCode.PERMISSION_DENIED: ErrorKind.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED: ErrorKind.PERMISSION_DENIED,
    grpc.StatusCode.FAILED_PRECONDITION: ErrorKind.BUSINESS_LOGIC_ERROR,
    grpc.StatusCode.CANCELLED: ErrorKind.CANCELLED,
}

_HTTP_KINDS = {
    400: ErrorKind.INVALID_INPUT, 401: ErrorKind.PERMISSION_DENIED, 403: ErrorKind.PERMISSION_DENIED,
    404: ErrorKind.NOT_FOUND, 408: ErrorKind.TIMEOUT, 410: ErrorKind.NOT_FOUND, 422: ErrorKind.VALIDATION_FAILED,
    429: ErrorKind.RATE_LIMITED, 500: ErrorKind.SERVICE_UNAVAILABLE, 502: ErrorKind.SERVICE_UNAVAILABLE,
    503: ErrorKind.SERVICE_UNAVAILABLE, 504: ErrorKind.TIMEOUT,
}  # fmt: skip

_DATABASE_PACKAGES = {
    "psycopg", "psycopg2", "asyncpg", "sqlite3", "aiosqlite", "pymysql", "aiomysql", "asyncmy", "MySQLdb", "mysql",
    "pymongo", "redis", "sqlalchemy", "oracledb", "cx_Oracle", "pyodbc", "cassandra", "duckdb", "peewee", "tortoise",
}  # fmt: skip

_HTTP_PACKAGES = {"httpx", "httpcore", "requests", "urllib3", "aiohttp", "urllib", "http", "anyio", "botocore"}


def kind_of(error: BaseException) -> ErrorKind:
    """The kind that fits an exception: what it says itself, else what its type tells; UNKNOWN if nothing does."""
    if isinstance(error, StepError):
        return error.kind
    if isinstance(error, WorkflowFailed):
        return error.kind
    if isinstance(error, (asyncio.CancelledError, WorkflowCancelled)):
        return ErrorKind.CANCELLED
    if isinstance(error, (TimeoutError, asyncio.TimeoutError, socket.timeout, WorkflowTimedOut)):
        return ErrorKind.TIMEOUT
    if isinstance(error, (_payloads.PayloadError, DuplicateStepName)):
        return ErrorKind.INVALID_INPUT
    if isinstance(error, grpc.RpcError):
        return _kind_of_rpc(error)
    status = _http_status(error)
    if status is not None:
        return _HTTP_KINDS.get(status, ErrorKind.SERVICE_UNAVAILABLE if status >= 500 else ErrorKind.UNKNOWN)
    by_package = _kind_by_package(error)
    if by_package is not None:
        return by_package
    if isinstance(error, (ConnectionError, socket.gaierror, socket.herror, ssl.SSLError, EOFError)):
        return ErrorKind.NETWORK_ERROR
    if isinstance(error, OSError):
        if error.errno == errno.ETIMEDOUT:
            return ErrorKind.TIMEOUT
        return ErrorKind.NETWORK_ERROR if error.errno in _NETWORK_ERRNOS else ErrorKind.UNKNOWN
    return ErrorKind.UNKNOWN


def _kind_of_rpc(error: BaseException) -> ErrorKind:
    code = getattr(error, "code", None)
    try:
        return _RPC_KINDS.get(code() if callable(code) else code, ErrorKind.UNKNOWN)
    except Exception:
        return ErrorKind.UNKNOWN


def _http_status(error: BaseException) -> int | None:
    if not any(base.__module__.partition(".")[0] in _HTTP_PACKAGES for base in type(error).__mro__):
        return None
    response = getattr(error, "response", None)
    for status in (getattr(response, "status_code", None), getattr(error, "status", None), getattr(error, "code", None)):
        if isinstance(status, int) and 400 <= status <= 599:
            return status
    return None


def _kind_by_package(error: BaseException) -> ErrorKind | None:
    for base in type(error).__mro__:
        package = base.__module__.partition(".")[0]
        if package in _DATABASE_PACKAGES:
            return ErrorKind.DATABASE_ERROR
        if package in _HTTP_PACKAGES:
            if "Timeout" in base.__name__:
                return ErrorKind.TIMEOUT
            if any(word in base.__name__ for word in ("Connect", "Network", "Transport", "Disconnected", "URLError")):
                return ErrorKind.NETWORK_ERROR
    return None


def failure_of(error: BaseException) -> common.Failure:
    """The failure that an exception is reported as, with its causes and its stack trace."""
    failure = common.Failure(kind=int(kind_of(error)), message=_message_of(error))  # type: ignore[arg-type]
    failure.source = type(error).__qualname__
    if isinstance(error, StepError):
        failure.source = error.source or failure.source
        failure.code = error.code
        if error.retryable_override is not None:
            failure.retryable = error.retryable_override
        if error.retry_after is not None:
            failure.retry_after.CopyFrom(to_duration(error.retry_after))
        for key, value in error.context.items():
            failure.context[str(key)] = str(value)
        if error.details is not None:
            failure.details.CopyFrom(_payloads.encode(error.details))
    elif isinstance(error, DuplicateStepName):
        failure.code = "DUPLICATE_STEP_NAME"
    failure.stack_trace = _stack_of(error)
    for cause in _causes_of(error):
        failure.causes.add(
            kind=int(kind_of(cause)),
            message=_message_of(cause),
            code=cause.code if isinstance(cause, StepError) else "",
            source=(cause.source if isinstance(cause, StepError) else "") or type(cause).__qualname__,
            stack_trace=_stack_of(cause),
        )
    return failure


def error_of(failure: common.Failure) -> StepError:
    """The exception that a recorded failure is thrown as."""
    error = _error(failure)
    retryable = failure.retryable if failure.HasField("retryable") else None
    error._retryable = retryable
    if failure.HasField("retry_after"):
        error.retry_after = timedelta(seconds=seconds_of(failure.retry_after))
    if failure.HasField("details"):
        error.details = _payloads.decode(failure.details)
    error.context = dict(failure.context)
    outer: BaseException = error
    for cause in failure.causes:
        inner = _error(cause)
        outer.__cause__ = inner
        outer = inner
    return error


def _error(failure: common.Failure | common.FailureCause) -> StepError:
    try:
        kind = ErrorKind(failure.kind)
    except ValueError:
        kind = ErrorKind.UNKNOWN
    error = StepError(kind, failure.message, source=failure.source, code=failure.code)
    error.stack_trace = failure.stack_trace
    return error


def cancelled_failure(reason: str) -> common.Failure:
    """The failure of something that ended because it was cancelled."""
    return common.Failure(kind=common.ERROR_KIND_CANCELLED, message=reason or "cancelled", source=Cancelled.__qualname__)


def _message_of(error: BaseException) -> str:
    message = error.message if isinstance(error, StepError) else str(error)
    return _clean(message or type(error).__qualname__, MAX_MESSAGE_CHARACTERS)


def _stack_of(error: BaseException) -> str:
    if error.__traceback__ is None:
        return _clean(error.stack_trace, MAX_STACK_CHARACTERS) if isinstance(error, StepError) else ""
    stack = "".join(traceback.format_tb(error.__traceback__))
    return _clean(stack, MAX_STACK_CHARACTERS)


def _clean(text: str, limit: int) -> str:
    """Text as the contract wants it: valid UTF-8, no NUL, of bounded length (its end is kept)."""
    return text[-limit:].replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _causes_of(error: BaseException) -> Iterator[BaseException]:
    seen = {id(error)}
    current: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if current is None:
            return
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        if current is None or id(current) in seen:
            return
        seen.add(id(current))
        yield current
