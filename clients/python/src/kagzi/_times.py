"""Between Python's times and the contract's."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ._messages import Duration, Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)

Seconds = float | int | timedelta


def to_duration(value: Seconds) -> Duration:
    """Seconds (or a timedelta) as a Duration, exact to the microsecond. A negative one is zero."""
    delta = value if isinstance(value, timedelta) else timedelta(seconds=value)
    microseconds = max(0, delta // _MICROSECOND)
    return Duration(seconds=microseconds // 1_000_000, nanos=microseconds % 1_000_000 * 1_000)


def to_timestamp(value: datetime) -> Timestamp:
    """A datetime as a Timestamp. One without a time zone is taken as local time, as Python does."""
    microseconds = (value.astimezone(timezone.utc) - _EPOCH) // _MICROSECOND
    return Timestamp(seconds=microseconds // 1_000_000, nanos=microseconds % 1_000_000 * 1_000)


def seconds_of(value: Duration) -> float:
    """A Duration in seconds."""
    return value.seconds + value.nanos / 1e9


def datetime_of(value: Timestamp) -> datetime:
    """A Timestamp as an aware datetime in UTC."""
    return _EPOCH + timedelta(seconds=value.seconds, microseconds=value.nanos // 1_000)
