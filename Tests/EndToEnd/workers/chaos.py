"""Workflows with a step of every kind, and activities that note each of their executions in a file."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from loud import arguments, serve

from kagzi import Context, ErrorKind, RetryPolicy, StepError, activity, activity_context, workflow
from kagzi.retry import RetryPredicate

PATIENT = RetryPolicy.exponential_with(0.05, 0.4, 1.5, 100, 0.2).when(RetryPredicate.on_any_error())

parser = arguments()
parser.add_argument("--journal", required=True)
options = parser.parse_args()
journal = os.open(options.journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def note(run_id: str, step: str, attempt: int) -> None:
    os.write(journal, f"{run_id} {step} {attempt}\n".encode())


@activity("double")
async def double(value: int) -> int:
    context = activity_context()
    note(context.run_id, context.step, context.attempt)
    await asyncio.sleep(0.05)
    return value * 2


@activity("flaky")
async def flaky(value: int) -> int:
    context = activity_context()
    note(context.run_id, context.step, context.attempt)
    if context.attempt == 1:
        raise StepError(ErrorKind.SERVICE_UNAVAILABLE, "not yet")
    return value + 1


@activity("slow")
async def slow(value: int) -> int:
    context = activity_context()
    note(context.run_id, context.step, context.attempt)
    for beat in range(5):
        context.heartbeat(beat)
        await asyncio.sleep(0.1)
    return value


@workflow("mixed")
async def mixed(ctx: Context, number: int) -> dict[str, Any]:
    tries = 0

    def wobbly() -> int:
        nonlocal tries
        tries += 1
        note(ctx.run_id, "wobbly", tries)
        if tries == 1:
            raise StepError(ErrorKind.NETWORK_ERROR, "at the second try")
        return number + 100

    def prepare() -> int:
        note(ctx.run_id, "prepare", 1)
        return number * 10

    prepared = await ctx.step("prepare", prepare)
    doubled = await ctx.activity("double", prepared, retry=PATIENT, returns=int)
    await ctx.sleep("nap", 0.1 + number % 7 * 0.3)
    flaked, slowed = await asyncio.gather(
        ctx.activity("flaky", doubled, retry=PATIENT, returns=int),
        ctx.activity("slow", number, retry=PATIENT, returns=int),
    )
    wobbled = await ctx.step("wobbly", wobbly, retry=PATIENT)
    loops = 0
    for index in range(number % 3):
        loops += await ctx.activity("double", index, step="loop", retry=PATIENT, returns=int)
    return {"prepared": prepared, "flaked": flaked, "slowed": slowed, "wobbled": wobbled, "loops": loops}


serve(options, [mixed], [double, flaky, slow])
