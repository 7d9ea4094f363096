"""Policies and kinds of errors: their defaults, and how they go to the coordinator."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from datetime import timedelta

import pytest

from kagzi import ErrorKind, RetryPolicy, RetryPredicate, StepError
from kagzi._failures import failure_of, kind_of
from kagzi._messages import common


def seconds(duration: common.RetryPolicy) -> tuple[float, float]:
    return (
        duration.initial_interval.seconds + duration.initial_interval.nanos / 1e9,
        duration.max_interval.seconds + duration.max_interval.nanos / 1e9,
    )


def test_checklist_8_the_policies_of_the_guide() -> None:
    assert RetryPolicy.none().message().max_attempts == 1
    fixed = RetryPolicy.fixed().message()
    assert (fixed.max_attempts, seconds(fixed), fixed.multiplier, fixed.jitter) == (3, (5, 5), 1, 0)
    exponential = RetryPolicy.exponential().message()
    assert (exponential.max_attempts, seconds(exponential), exponential.multiplier, exponential.jitter) == (5, (1, 3600), 2, 0.25)
    own = RetryPolicy.fixed_with(250, 4).message()
    assert (own.max_attempts, seconds(own)) == (4, (0.25, 0.25))
    own = RetryPolicy.exponential_with(timedelta(milliseconds=100), 10, 3, 7, True).message()
    assert (own.max_attempts, seconds(own), own.multiplier, own.jitter) == (7, (0.1, 10), 3, 0.25)
    assert RetryPolicy.exponential_with(1, 2, 2, 2, False).message().jitter == 0


@pytest.mark.parametrize(
    "options", [{"max_attempts": 0}, {"multiplier": 0.5}, {"jitter": 1.5}], ids=lambda options: next(iter(options))
)
def test_checklist_8_no_retry_is_one_attempt_and_zero_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        RetryPolicy(**options)  # type: ignore[arg-type]


def test_checklist_9_the_predicates_of_the_guide() -> None:
    assert RetryPolicy.exponential().message().predicate == common.RETRY_PREDICATE_ON_RETRYABLE_ERROR
    assert RetryPredicate.on_any_error().rule == common.RETRY_PREDICATE_ON_ANY_ERROR
    assert RetryPredicate.never().rule == common.RETRY_PREDICATE_NEVER
    chosen = RetryPolicy.fixed().when(RetryPredicate.on_error_kind(ErrorKind.TIMEOUT, ErrorKind.RATE_LIMITED)).message()
    assert (chosen.predicate, list(chosen.kinds)) == (common.RETRY_PREDICATE_ON_ERROR_KIND, [4, 3])


def test_checklist_10_which_kinds_are_retryable() -> None:
    retryable = {kind.name for kind in ErrorKind if kind.retryable}
    assert retryable == {
        "NETWORK_ERROR", "SERVICE_UNAVAILABLE", "RATE_LIMITED", "TIMEOUT", "DATABASE_ERROR", "WORKER_LOST",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionRefusedError("refused"), ErrorKind.NETWORK_ERROR),
        (socket.gaierror("no such host"), ErrorKind.NETWORK_ERROR),
        (asyncio.TimeoutError(), ErrorKind.TIMEOUT),
        (TimeoutError(), ErrorKind.TIMEOUT),
        (sqlite3.OperationalError("locked"), ErrorKind.DATABASE_ERROR),
        (StepError(ErrorKind.NOT_FOUND, "gone"), ErrorKind.NOT_FOUND),
        (KeyError("x"), ErrorKind.UNKNOWN),
    ],
    ids=lambda value: getattr(value, "name", type(value).__name__),
)
def test_checklist_10_errors_of_the_platform_have_their_kinds(error: BaseException, kind: ErrorKind) -> None:
    assert kind_of(error) is kind


def test_checklist_10_a_step_error_says_everything() -> None:
    error = StepError(
        ErrorKind.RATE_LIMITED, "slow down", source="api", context={"order": "17"}, retryable=False, retry_after=2.5, code="429"
    )
    assert (error.retryable, str(error)) == (False, "RATE_LIMITED: slow down")
    failure = failure_of(error)
    assert (failure.kind, failure.source, dict(failure.context), failure.retryable) == (3, "api", {"order": "17"}, False)
    assert (failure.retry_after.seconds, failure.retry_after.nanos, failure.code) == (2, 500_000_000, "429")
