"""A run without an end: each period it goes on as a new run, with an empty history and the state it hands over."""

import asyncio
import uuid
from dataclasses import dataclass, replace

from kagzi import Client, Context, Worker, workflow


@dataclass
class Subscription:
    customer: str
    periods: int = 0
    charged: float = 0.0


@workflow("subscription")
async def subscription(ctx: Context, state: Subscription) -> str:
    ended = await ctx.wait_for_signal("unsubscribe", timeout=0.2)  # a month, for real
    if ended is not None:
        return f"{state.customer} left after {state.periods} periods"
    charged = await ctx.step("charge", lambda: state.charged + 9.99)
    await ctx.continue_as_new(replace(state, periods=state.periods + 1, charged=charged))


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[subscription]):
        handle = await client.start(subscription, Subscription("ada"), id=f"subscription-{uuid.uuid4()}")
        current = client.handle(workflow_id=handle.workflow_id)
        while (await current.describe()).input(Subscription).periods < 2:
            await asyncio.sleep(0.05)
        await current.signal("unsubscribe", True)
        print(await handle.result() >= "ada left after 2 periods")  # the result of the run it has become


if __name__ == "__main__":
    asyncio.run(main())
