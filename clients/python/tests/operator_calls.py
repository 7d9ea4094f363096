"""A fake coordinator that answers operators' calls, and a client of it."""

from __future__ import annotations

from typing import Any

from fake_server import FakeServer

from kagzi import Context, activity, workflow
from kagzi._messages import Timestamp

NOON = Timestamp(seconds=1_700_000_000)


@workflow("order", version=2)
async def order(ctx: Context, amount: float) -> float:
    return amount


@activity("charge")
async def charge(amount: float) -> str:
    return "receipt"


def answer(server: FakeServer, method: str, *responses: Any) -> list[Any]:
    """Answers a method with these, one after the other (the last for ever); gives the requests that came."""
    requests: list[Any] = []
    left = list(responses)

    async def handle(request: Any, context: Any) -> Any:
        requests.append(request)
        return left.pop(0) if len(left) > 1 else left[0]

    server.unary[method] = handle
    return requests
