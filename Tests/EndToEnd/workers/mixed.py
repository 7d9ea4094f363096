"""A workflow whose group is resolved elsewhere while a local member runs; it says what happens, and each report it sends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from loud import arguments, serve

from kagzi import Context, Member, workflow
from kagzi._session import Session

send: Callable[..., None] = Session.report


def report(session: Session, request: Any, on_answer: Any) -> None:
    print(f"report {request.report.workflow.WhichOneof('outcome')}", flush=True)
    send(session, request, on_answer)


Session.report = report  # type: ignore[method-assign]


async def near() -> str:
    print("near began", flush=True)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        print("near cancelled", flush=True)
        raise
    return "near"


@workflow("race")
async def race(ctx: Context) -> list[Any]:
    return list(await ctx.race("g", [("near", near), ("far", Member.activity("far", returns=int))]))


@workflow("deadline")
async def deadline(ctx: Context) -> list[str]:
    return list((await ctx.collect("g", [("near", near)], deadline=0.5)).unfinished)


serve(arguments().parse_args(), [race, deadline])
