"""The V1 program of the migration guide: retries by hand, one step after the other. It runs unchanged."""

import asyncio
import logging
from dataclasses import dataclass

from kagzi import Context, Kagzi, StepError


@dataclass
class OrderInput:
    order_id: str
    amount: float


async def fetch_user() -> str:
    return "ada"


async def process_payment(input: OrderInput) -> str:
    return f"paid {input.amount:.2f}"


async def update_inventory(input: OrderInput) -> str:
    return "reserved"


async def send_email(input: OrderInput) -> None:
    print(f"email about {input.order_id}", flush=True)


# snippet: workflow
async def process_order_v1(ctx: Context, input: OrderInput) -> str:
    # Manual retry logic
    attempts = 0
    while True:
        attempts += 1
        try:
            await ctx.step("fetch-user", fetch_user)
            break
        except StepError:
            if attempts >= 3:
                raise
            await asyncio.sleep(2)

    # Sequential execution
    await ctx.step("process-payment", process_payment, input)
    await ctx.step("update-inventory", update_inventory, input)

    # Simple notification
    await ctx.step("notify", send_email, input)

    return "completed"
    # end snippet


# snippet: main
async def main() -> None:
    kagzi = await Kagzi.connect()
    kagzi.register_workflow("process-order", process_order_v1)

    worker = kagzi.create_worker()
    await worker.start()
    # end snippet


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(main())
