"""The Python side of `make demo`: the workflow `python-order`, and an activity that only this worker has.

    python worker.py ADDRESS WORKER-ID
"""

import asyncio
import logging
import sys
from dataclasses import dataclass

from kagzi import ActivityContext, Context, ErrorKind, Member, RetryPolicy, StepError, Worker, activity, workflow


@dataclass
class Order:
    id: str
    item: str
    quantity: int
    cents: int


@dataclass
class Delivery:
    order: str
    payment: str
    parcel: str
    courier: str


@activity("pick-items")
async def pick_items(context: ActivityContext, order: Order) -> str:
    """Picks item after item. When its worker dies, the next one goes on from the progress that was told last."""
    for picked in range((context.progress or 0) + 1, order.quantity + 1):
        await asyncio.sleep(0.5)
        context.heartbeat(picked)
    return f"{order.quantity} {order.item} picked in Python"


def validate(order: Order) -> None:
    if order.quantity < 1:
        raise StepError(ErrorKind.VALIDATION_FAILED, "An order needs a quantity")


async def pack(order: Order) -> str:
    await asyncio.sleep(order.quantity * 0.5)
    return f"{order.quantity} {order.item} packed in Python"


@workflow("python-order")
async def fulfil(ctx: Context, order: Order) -> Delivery:
    """A workflow in Python whose activities `charge-card` and `book-courier` only the Swift worker has."""
    await ctx.step("validate", validate, order)
    payment: str = await ctx.activity("charge-card", order, retry=RetryPolicy.exponential_with(0.2, 2, 2, 5))
    parcel = await ctx.step("pack", pack, order)
    await ctx.sleep("cool-down", 1)
    courier: str = await ctx.activity("book-courier", order)
    return Delivery(order.id, payment, parcel, courier)


async def quote(price: int, seconds: float) -> int:
    await asyncio.sleep(seconds)
    return price


@workflow("compare-quotes")
async def compare_quotes(ctx: Context, item: str) -> list[str]:
    """A parallel group of steps in Python and activities in Swift."""
    couriers = [(f"python-{number}", Member.step(quote, 800 + number, 0.5)) for number in range(3)]
    others = [(f"swift-{number}", Member.activity("swift-quote", item, returns=str)) for number in range(2)]
    answers = await ctx.parallel("quotes", [*couriers, *others])
    return [str(answer) for answer in answers]


@workflow("first-quote")
async def first_quote(ctx: Context, item: str) -> tuple[str, int]:
    """A race: the first answer wins."""
    winner, price = await ctx.race(
        "couriers",
        [
            ("far", Member.step(quote, 500, 20)),
            ("near", Member.step(quote, 700, 0.1)),
            ("lost", Member.step(quote, 600, 20)),
        ],
    )
    return winner, price


@workflow("price")
async def price(ctx: Context, cents: int) -> int:
    """Version 1: the price as it is."""
    return cents


@workflow("price", version=2)
async def price_with_tax(ctx: Context, cents: int) -> int:
    """Version 2: with 8 % tax."""
    return cents * 108 // 100


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    asyncio.run(
        Worker(
            sys.argv[1],
            worker_id=sys.argv[2],
            workflows=[fulfil, compare_quotes, first_quote, price, price_with_tax],
            activities=[pick_items],
            lease_duration_secs=2,
        ).run()
    )
