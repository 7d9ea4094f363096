"""Values and payloads, exceptions and failures."""

from __future__ import annotations

import asyncio
import enum
import socket
import sqlite3
import urllib.error
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypedDict
from uuid import UUID

import pytest

from kagzi import ErrorKind, PayloadError, StepError, _payloads
from kagzi._failures import error_of, failure_of, kind_of


class Colour(enum.Enum):
    RED = "red"


class Place(TypedDict, total=False):
    city: str


class Pair(NamedTuple):
    left: int
    right: str


@dataclass
class Line:
    sku: str
    count: int = 1


@dataclass
class Order:
    id: UUID
    lines: list[Line]
    placed: datetime
    colour: Colour | None = None
    place: Place = field(default_factory=lambda: Place())
    total: Decimal = Decimal(0)


class Model:
    """Walks like a pydantic model."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and other.name == self.name

    def model_dump(self, mode: str) -> dict[str, str]:
        return {"name": self.name}

    @classmethod
    def model_validate(cls, value: Any) -> Model:
        return cls(value["name"])


ORDER = Order(
    UUID(int=7),
    [Line("a", 2), Line("b")],
    datetime(2026, 1, 2, tzinfo=timezone.utc),
    Colour.RED,
    {"city": "Rome"},
    Decimal("1.10"),
)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (None, Any),
        (b"\x00\xff", bytes),
        ({"a": [1, 2.5, "x", None, True]}, Any),
        (ORDER, Order),
        ([ORDER], list[Order]),
        ({"x": ORDER}, dict[str, Order]),
        ({1: "x"}, dict[int, str]),
        ((1, "x"), tuple[int, str]),
        ((1, 2), tuple[int, ...]),
        ({1, 2}, set[int]),
        (Pair(1, "x"), Pair),
        (Model("ada"), Model),
        (Model("ada"), Model | None),
        (None, Model | None),
        (Colour.RED, Colour),
        ("a", Literal["a", "b"]),
        (timedelta(seconds=1.5), timedelta),
        (date(2026, 1, 2), date),
        (1.0, float),
        (3, int),
    ],
)
def test_values_come_back_as_they_were(value: Any, hint: Any) -> None:
    assert _payloads.decode(_payloads.encode(value), hint) == value


def test_encodings() -> None:
    assert _payloads.encode(None).encoding == "null"
    assert _payloads.encode(b"x").encoding == "bytes"
    assert (_payloads.encode({"a": 1}).encoding, _payloads.encode({"a": "é"}).data) == ("json", '{"a":"é"}'.encode())


@pytest.mark.parametrize("value", [object(), float("nan"), {object(): 1}, "\ud800"])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(PayloadError):
        _payloads.encode(value)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("x", int),
        (1, str),
        ({}, Line),
        ([1], list[str]),
        ({"a": 1}, dict[str, str]),
        ("c", Literal["a"]),
        ("x", int | None),
        ([1], tuple[int, int]),
    ],
)
def test_what_is_of_another_type_is_refused(value: Any, hint: Any) -> None:
    with pytest.raises(PayloadError):
        _payloads.decode(_payloads.encode(value), hint)


class PsycopgError(Exception):
    __module__ = "psycopg.errors"


class ReadTimeout(Exception):
    __module__ = "httpx"


class HTTPStatusError(Exception):
    __module__ = "httpx"

    class response:
        status_code = 429


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionResetError(), ErrorKind.NETWORK_ERROR),
        (socket.gaierror(), ErrorKind.NETWORK_ERROR),
        (OSError(113, "no route"), ErrorKind.NETWORK_ERROR),
        (OSError(2, "no file"), ErrorKind.UNKNOWN),
        (urllib.error.URLError("x"), ErrorKind.NETWORK_ERROR),
        (TimeoutError(), ErrorKind.TIMEOUT),
        (asyncio.TimeoutError(), ErrorKind.TIMEOUT),
        (sqlite3.OperationalError(), ErrorKind.DATABASE_ERROR),
        (PsycopgError(), ErrorKind.DATABASE_ERROR),
        (ReadTimeout(), ErrorKind.TIMEOUT),
        (HTTPStatusError(), ErrorKind.RATE_LIMITED),
        (StepError(ErrorKind.NOT_FOUND, "x"), ErrorKind.NOT_FOUND),
        (asyncio.CancelledError(), ErrorKind.CANCELLED),
        (PayloadError("x"), ErrorKind.INVALID_INPUT),
        (ValueError("x"), ErrorKind.UNKNOWN),
    ],
)
def test_kinds_of_exceptions(error: BaseException, kind: ErrorKind) -> None:
    assert kind_of(error) is kind


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_default_retryability(kind: ErrorKind) -> None:
    names = {"NETWORK_ERROR", "SERVICE_UNAVAILABLE", "RATE_LIMITED", "TIMEOUT", "DATABASE_ERROR", "WORKER_LOST"}
    assert kind.retryable == (kind.name in names)


def test_failures_come_back_as_they_were() -> None:
    error = StepError(
        ErrorKind.TIMEOUT,
        "late",
        source="bank",
        context={"order": "1"},
        retryable=False,
        retry_after=2.5,
        code="T",
        details={"a": 1},
    )
    error.__cause__ = ValueError("inner")
    again = error_of(failure_of(error))
    assert (again.kind, again.message, again.source, again.code) == (ErrorKind.TIMEOUT, "late", "bank", "T")
    assert (again.context, again.retryable, again.retry_after, again.details) == (
        {"order": "1"},
        False,
        timedelta(seconds=2.5),
        {"a": 1},
    )
    assert isinstance(again.__cause__, StepError) and again.__cause__.message == "inner"


def test_texts_are_clean_and_bounded() -> None:
    failure = failure_of(ValueError("a\0b\ud800" + "x" * 100_000))
    assert "\0" not in failure.message and len(failure.message) <= 8_192
