"""The second part of `make demo`, a line or two each: a parallel group over both languages, a race, a canary rollout that is
rolled back, and the drain of a worker.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from kagzi import Client, WorkerStatus
from worker import Delivery, Order

Say = Callable[[str], None]
Until = Callable[[Callable[[], Awaitable[bool]], str], Awaitable[None]]

CANARY_ORDERS = 40
CANARY_PERCENT = 25


class Unexpected(Exception):
    """Something gave another result than it should."""


def expect(condition: bool, what: str) -> None:
    if not condition:
        raise Unexpected(what)


async def parallel(client: Client, say: Say) -> None:
    """Five members of half a second each: three steps in Python, two activities in Swift."""
    begin = time.monotonic()
    quotes: list[str] = await client.execute("compare-quotes", "books")
    took = time.monotonic() - begin
    expect(len(quotes) == 5 and sum("Swift" in quote for quote in quotes) == 2, f"five quotes, two from Swift: {quotes}")
    expect(took < 2.5, f"five members of 0.5 s took {took:.1f} s: they did not run side by side")
    say(f"parallel: 5 quotes of 0.5 s each, 3 from Python and 2 from Swift, joined by the coordinator after {took:.1f} s")


async def race(client: Client, say: Say) -> None:
    winner, price = await client.execute("first-quote", "lamps", result_type=tuple[str, int])
    expect((winner, price) == ("near", 700), f"the nearest courier wins, not {winner} for {price}")
    say(f"race: courier '{winner}' answered first, for {price} cents; the two others were cancelled")


async def canary(client: Client, say: Say) -> None:
    """A share of new orders on version 2, then all of them on version 1 again, while everything runs."""

    async def prices(label: str, count: int) -> Counter[int]:
        return Counter(
            await asyncio.gather(*(client.execute("price", 10_000, id=f"{label}-{number}") for number in range(count)))
        )

    await client.workflow_types.set_rollout("price", {2: CANARY_PERCENT})
    seen = await prices("canary", CANARY_ORDERS)
    plain, taxed = seen[10_000], seen[10_800]
    expect(plain + taxed == CANARY_ORDERS and 0 < taxed < plain, f"most orders on version 1, some on version 2: {seen}")
    say(f"canary: {CANARY_PERCENT} % of the ids go to version 2: {taxed} of {CANARY_ORDERS} orders were priced with tax")
    await client.workflow_types.set_rollout("price", {})
    seen = await prices("rolled-back", 10)
    expect(seen == {10_000: 10}, f"all orders on version 1: {seen}")
    say("rollback: one call, nothing was deployed; the next 10 orders all went to version 1")


async def drain(
    client: Client, say: Say, until: Until, worker_id: str, start_another: Callable[[], Awaitable[None]]
) -> None:
    """The worker finishes what it holds, takes nothing new, and leaves; another one goes on."""
    order = Order("last-order", "chairs", 3, 9_900)
    handle = await client.start("python-order", order, id=order.id, result_type=Delivery)

    async def has_asked() -> bool:
        return any(step.key == "charge-card" for step in await handle.steps(include_payloads=False))

    async def packs() -> bool:
        return await has_asked() and await client.workers.count_active_workflows(worker_id) > 0

    await until(has_asked, "the first step of the last order")
    await start_another()
    await until(packs, f"packing on {worker_id}")
    await client.workers.drain(worker_id, reason="a new release")

    async def has_left() -> bool:
        return (await client.workers.get(worker_id)).status == WorkerStatus.STOPPED

    await until(has_left, "the end of the drain")
    packed = [attempt.worker_id for attempt in await handle.attempts("pack")]
    expect(packed == [worker_id], f"the step that ran was finished where it ran, not by {packed}")
    events = [event.kind for event in reversed(await client.workers.events(worker_id)) if event.kind.startswith("SHUTDOWN")]
    expect(events == ["SHUTDOWN_REQUESTED", "SHUTDOWN_COMPLETE"], f"both ends of the drain are events: {events}")
    say(f"drain: {worker_id} finished the parcel it was packing, took nothing new, and left in good order")
    delivery = await handle.result()
    say(f"       the run went on without it: {delivery.courier}")
