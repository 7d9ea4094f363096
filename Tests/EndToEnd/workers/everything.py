"""A workflow with a step of every kind; each execution of an activity is a line in the journal."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime, timezone
from typing import Any

from loud import arguments, serve

from kagzi import Context, Member, RetryPolicy, activity, activity_context, workflow
from kagzi.retry import RetryPredicate

PATIENT = RetryPolicy.exponential_with(0.05, 0.4, 1.5, 100, 0.2).when(RetryPredicate.on_any_error())

parser = arguments()
parser.add_argument("--journal", required=True)
options = parser.parse_args()
journal = os.open(options.journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


@activity("double")
async def double(value: int) -> int:
    context = activity_context()
    os.write(journal, f"{context.run_id} {context.step} {context.attempt}\n".encode())
    await asyncio.sleep(0.02)
    return value * 2


@activity("forever")
async def forever() -> int:
    await asyncio.sleep(3_600)
    return 0


@workflow("child")
async def child(ctx: Context, number: int) -> int:
    return await ctx.activity("double", number, retry=PATIENT, returns=int)


@workflow("everything")
async def everything(ctx: Context, number: int) -> dict[str, Any]:
    first = await ctx.activity("double", number, retry=PATIENT, returns=int)
    await ctx.sleep("nap", 0.1)
    members = [(f"m{index}", Member.activity("double", index, retry=PATIENT, returns=int)) for index in range(5)]
    members.append(("local", Member.step(lambda: number)))
    both = await ctx.parallel("both", members)
    winner, value = await ctx.race("race", [
        ("loser", Member.activity("forever", retry=PATIENT, returns=int)),
        ("fast", Member.activity("double", 7, retry=PATIENT, returns=int)),
    ])  # fmt: skip
    mixed, _ = await ctx.race("mixed", [
        ("near", asyncio.Event().wait), ("far", Member.activity("double", 8, retry=PATIENT, returns=int)),
    ])  # fmt: skip
    below = await ctx.child("child", number, returns=int)
    told = await ctx.wait_for_signal("go", returns=int)
    return {"first": first, "both": both, "winner": winner, "value": value, "mixed": mixed, "below": below, "told": told}


@workflow("appointment")
async def appointment(ctx: Context, when: str) -> dict[str, str]:
    await ctx.sleep_until("until", datetime.fromisoformat(when))
    await ctx.sleep("nap", 0.3)
    return {"began": ctx.now().isoformat(), "clock": datetime.now(timezone.utc).isoformat()}


@workflow("scheduled")
async def scheduled(ctx: Context) -> int:
    return await ctx.activity("double", 1, retry=PATIENT, returns=int)


serve(options, [everything, child, appointment, scheduled], [double, forever])
