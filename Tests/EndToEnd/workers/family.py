"""Parents and their children, a collector of signals, and a chain of runs."""

from __future__ import annotations

import asyncio
from typing import Any

from loud import arguments, serve

from kagzi import Context, workflow

options = arguments().parse_args()


@workflow("parent")
async def parent(ctx: Context, number: int) -> int:
    """Four children; the k-th continues as new k times before it answers."""
    values = await asyncio.gather(
        *[ctx.child("kid", [number + index, index], step=f"kid{index}", returns=int) for index in range(4)]
    )
    return sum(values)


@workflow("kid")
async def kid(ctx: Context, task: list[int]) -> int:
    number, hops = task
    await ctx.step("work", lambda: number)
    await ctx.sleep("nap", 0.02 * (number % 5))
    if hops > 0:
        await ctx.continue_as_new([number, hops - 1])
    return number * number


@workflow("collector")
async def collector(ctx: Context, count: int) -> list[int]:
    return [await ctx.wait_for_signal("item", returns=int) for _ in range(count)]


@workflow("chain")
async def chain(ctx: Context, links: list[int]) -> list[int]:
    """Continues as new until it has been itself 50 times; signals that come meanwhile are kept to the end."""
    await ctx.step("link", lambda: len(links))
    await ctx.sleep("nap", 0.2)
    if len(links) < 50:
        await ctx.continue_as_new([*links, len(links)])
    last: Any = await ctx.wait_for_signal("end", returns=int)
    return [*links, last]


serve(options, [parent, kid, collector, chain])
