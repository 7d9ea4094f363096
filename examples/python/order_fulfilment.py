"""An order: validate it, take the payment, reserve the goods, wait for the cool-down, ship.

    kagzi dev                                          # a coordinator
    python order_fulfilment.py worker                  # as many as you like
    python order_fulfilment.py order order-17 49.90

Kill a worker in the middle: another one goes on with the step that comes next.
"""

import asyncio
import logging
import random
import sys
from dataclasses import dataclass

from kagzi import Client, Context, ErrorKind, RetryPolicy, StepError, Worker, WorkflowFailed, activity, activity_context, workflow


@dataclass
class Order:
    id: str
    amount: float
    items: list[str]


@dataclass
class Shipment:
    order_id: str
    receipt: str
    reservation: str
    tracking_number: str


def validate(order: Order) -> None:
    if order.amount <= 0 or not order.items:
        raise StepError(ErrorKind.VALIDATION_FAILED, f"order {order.id} has nothing to sell", code="empty-order")


@activity("take-payment")
async def take_payment(order: Order) -> str:
    # The step's key and the run id make an idempotency key: a payment that is tried again is taken once.
    key = f"{activity_context().run_id}/{activity_context().step}"
    if random.random() < 0.3:
        raise ConnectionError("the payment provider does not answer")
    return f"receipt-{order.id}-{key[:8]}"


@activity("reserve-stock")
async def reserve_stock(order: Order) -> str:
    return f"reservation-of-{len(order.items)}"


@activity("ship")
async def ship(order: Order) -> str:
    return f"TRACK-{order.id}"


@workflow("order-fulfilment")
async def order_fulfilment(ctx: Context, order: Order) -> Shipment:
    await ctx.step("validate", validate, order)
    receipt = await ctx.activity(take_payment, order, retry=RetryPolicy.exponential_with(0.2, 5, 2, 8))
    reservation = await ctx.activity(reserve_stock, order)
    await ctx.sleep("cool-down", 2)
    tracking_number = await ctx.activity(ship, order)
    return Shipment(order.id, receipt, reservation, tracking_number)


async def work() -> None:
    logging.basicConfig(level=logging.INFO)
    await Worker(workflows=[order_fulfilment], activities=[take_payment, reserve_stock, ship]).run()


async def place(order_id: str, amount: float) -> None:
    async with Client() as client:
        handle = await client.start(order_fulfilment, Order(order_id, amount, ["book", "pen"]), id=order_id)
        print(f"started run {handle.run_id}")
        try:
            shipment = await handle.result()
        except WorkflowFailed as error:
            print(f"failed: {error.failure}")
            return
        print(f"shipped: {shipment.tracking_number}, paid with {shipment.receipt}")
        for step in await handle.steps():
            print(f"  {step.key:<14} {step.state.name.lower():<10} {step.attempt} attempt(s)")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["worker"]:
            asyncio.run(work())
        case ["order", order_id, amount]:
            asyncio.run(place(order_id, float(amount)))
        case _:
            sys.exit(__doc__)
