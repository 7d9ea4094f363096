"""When and how often a step is tried again. The coordinator decides, durably; this only says what is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from ._messages import common
from ._times import to_duration
from .errors import ErrorKind


@dataclass(frozen=True)
class RetryPredicate:
    """Which failures are retried."""

    rule: int
    kinds: tuple[ErrorKind, ...] = ()

    @staticmethod
    def on_retryable_error() -> RetryPredicate:
        """Retry failures whose kind is retryable, or that say so themselves. The default."""
        return RetryPredicate(common.RETRY_PREDICATE_ON_RETRYABLE_ERROR)

    @staticmethod
    def on_any_error() -> RetryPredicate:
        """Retry every failure."""
        return RetryPredicate(common.RETRY_PREDICATE_ON_ANY_ERROR)

    @staticmethod
    def never() -> RetryPredicate:
        """Retry nothing."""
        return RetryPredicate(common.RETRY_PREDICATE_NEVER)

    @staticmethod
    def on_error_kind(*kinds: ErrorKind | Iterable[ErrorKind]) -> RetryPredicate:
        """Retry failures of these kinds: `on_error_kind(A, B)` or `on_error_kind([A, B])`."""
        flat: list[ErrorKind] = []
        for kind in kinds:
            flat.extend([kind] if isinstance(kind, ErrorKind) else kind)
        return RetryPredicate(common.RETRY_PREDICATE_ON_ERROR_KIND, tuple(flat))


@dataclass(frozen=True)
class RetryPolicy:
    """Delay before attempt n+1 = min(initial × multiplier^(n−1), max), then jitter (± fraction). Times are in seconds."""

    max_attempts: int = 5
    """Executions in all, the first included; 1 means no retry."""
    initial: float = 1.0
    max: float = 3600.0
    multiplier: float = 2.0
    jitter: float = 0.25
    max_elapsed: float | None = None
    """No attempt begins later than this after the first one began."""
    predicate: RetryPredicate = field(default_factory=RetryPredicate.on_retryable_error)
    non_retryable_codes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ValueError("max_attempts counts the first attempt too: use 1 for no retry, not 0")
        if self.multiplier < 1:
            raise ValueError("multiplier must be at least 1")
        if not 0 <= self.jitter <= 1:
            raise ValueError("jitter is a fraction from 0 to 1")

    @staticmethod
    def none() -> RetryPolicy:
        """One attempt."""
        return RetryPolicy(max_attempts=1)

    @staticmethod
    def fixed() -> RetryPolicy:
        """Three attempts, 5 s apart."""
        return RetryPolicy.fixed_with(5_000, 3)

    @staticmethod
    def fixed_with(interval_ms: float, attempts: int) -> RetryPolicy:
        """This many attempts, always this many milliseconds apart."""
        seconds = interval_ms / 1_000
        return RetryPolicy(max_attempts=attempts, initial=seconds, max=seconds, multiplier=1.0, jitter=0.0)

    @staticmethod
    def exponential() -> RetryPolicy:
        """Five attempts; 1, 2, 4, 8 s apart, ± 25 %, at most 1 h. What activities do by default."""
        return RetryPolicy()

    @staticmethod
    def exponential_with(
        initial: float | timedelta,
        max: float | timedelta,
        multiplier: float,
        attempts: int,
        jitter: float | bool = 0.25,
    ) -> RetryPolicy:
        """Growing delays, in seconds (or timedeltas). `jitter` is a fraction; True means 0.25."""
        fraction = (0.25 if jitter else 0.0) if isinstance(jitter, bool) else jitter
        return RetryPolicy(attempts, _seconds(initial), _seconds(max), multiplier, fraction)

    def when(self, predicate: RetryPredicate) -> RetryPolicy:
        """The same policy for these failures only."""
        return replace(self, predicate=predicate)

    def message(self) -> common.RetryPolicy:
        """The policy as the contract has it."""
        policy = common.RetryPolicy(
            max_attempts=self.max_attempts,
            initial_interval=to_duration(self.initial),
            max_interval=to_duration(self.max),
            multiplier=self.multiplier,
            jitter=self.jitter,
            predicate=self.predicate.rule,  # type: ignore[arg-type]
            kinds=[int(kind) for kind in self.predicate.kinds],  # type: ignore[misc]
            non_retryable_codes=self.non_retryable_codes,
        )
        if self.max_elapsed is not None:
            policy.max_elapsed.CopyFrom(to_duration(self.max_elapsed))
        return policy


def _seconds(value: float | timedelta) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else value
