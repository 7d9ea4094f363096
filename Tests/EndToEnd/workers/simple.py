"""Workflows and activities that each show one thing; the journal has one line an execution of an activity or step."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from loud import arguments, serve

from kagzi import Cancelled, Context, activity, activity_context, workflow

parser = arguments()
parser.add_argument("--journal", required=True)
options = parser.parse_args()
journal = os.open(options.journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def note(what: str) -> None:
    os.write(journal, f"{what}\n".encode())
    print(what, flush=True)


@activity("hold")
async def hold(path: str) -> int:
    """Runs until a file exists; says how many attempts it took."""
    context = activity_context()
    note(f"hold {context.attempt}")
    try:
        while not os.path.exists(path):
            await asyncio.sleep(0.02)
    except Cancelled:
        note(f"hold cancelled {context.attempt}")
        raise
    return context.attempt


@activity("echo")
async def echo(value: Any) -> Any:
    note(f"echo {value}")
    return value


@workflow("holder")
async def holder(ctx: Context, path: str) -> int:
    return await ctx.activity("hold", path, returns=int)


@workflow("sleeper")
async def sleeper(ctx: Context, seconds: float) -> str:
    await ctx.sleep("nap", seconds)
    return await ctx.step("after", lambda: note(f"woke {ctx.run_id}") or "woke")


@workflow("bulky")
async def bulky(ctx: Context, count: int) -> int:
    """Local steps with 128 KiB of output each, then an activity, then the sum of the lengths."""
    total = 0
    for index in range(count):

        def make(index: int = index) -> str:
            note(f"bulk {index}")
            return chr(ord("a") + index % 26) * (128 << 10)

        total += len(await ctx.step("bulk", make, returns=str))
    held = await ctx.activity("echo", "after-bulk", task_queue=f"{options.queue}-side", returns=str)
    assert held == "after-bulk"
    return total


serve(options, [holder, sleeper, bulky], [hold, echo])
