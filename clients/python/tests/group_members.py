"""What the groups of the tests are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kagzi import Context, ErrorKind, StepError, activity, workflow


@activity("fetch")
async def fetch(n: int) -> str:
    return f"page {n}"


@workflow("ship")
async def ship(ctx: Context, n: int) -> str:
    return f"parcel {n}"


async def user() -> dict[str, str]:
    return {"name": "ada"}


async def posts() -> list[str]:
    return ["first"]


def comments() -> int:
    return 3


def fails(kind: ErrorKind = ErrorKind.BUSINESS_LOGIC_ERROR, message: str = "no") -> Callable[[], Any]:
    async def fail() -> None:
        raise StepError(kind, message)

    return fail
