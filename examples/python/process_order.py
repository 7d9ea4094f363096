"""A workflow with a local step, an activity and a sleep, its worker and a client in one program."""

import asyncio
from dataclasses import dataclass

from kagzi import Client, Context, Worker, activity, workflow


@dataclass
class Order:
    id: str
    amount: float


@activity("charge")
async def charge(order: Order) -> str:
    return f"receipt-{order.id}"  # call your payment provider here


@workflow("take-order")
async def process_order(ctx: Context, order: Order) -> str:
    await ctx.step("validate", lambda: order.amount > 0)  # runs here, once
    receipt = await ctx.activity(charge, order)  # runs on any worker, retried
    await ctx.sleep("cool-down", 1)  # holds no worker
    return receipt


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[process_order], activities=[charge]):
        handle = await client.start(process_order, Order("17", 9.99))
        print(await handle.result())


if __name__ == "__main__":
    asyncio.run(main())
