"""Starting twice starts one run: by your own key of it, or by the id of the request that asks for it."""

import asyncio
import uuid

from kagzi import AlreadyStarted, Client, ConflictPolicy, Context, ReusePolicy, Worker, workflow


@workflow("invoice")
async def invoice(ctx: Context, order: str) -> str:
    await ctx.sleep("until-due", 0.5)
    return f"invoice of {order}"


async def main() -> None:
    order = f"order-{uuid.uuid4().hex[:8]}"
    async with Client() as client, Worker(client, workflows=[invoice]):
        # One request id, one run: a web hook that is delivered twice, a client that tries again.
        first = await client.start(invoice, order, id=order, request_id=f"hook-{order}")
        again = await client.start(invoice, order, id=order, request_id=f"hook-{order}")
        print("same run:", first.run_id == again.run_id)

        # One open run has a workflow id. Another start of it is refused, or joins it.
        try:
            await client.start(invoice, order, id=order)
        except AlreadyStarted as error:
            print("refused:", error.run_id == first.run_id)
        joined = await client.start(invoice, order, id=order, conflict=ConflictPolicy.USE_EXISTING)
        print("joined:", joined.run_id == first.run_id, joined.was_started)
        print(await joined.result() == f"invoice of {order}")

        # Once it has completed, the id can be used again unless that is refused.
        try:
            await client.start(invoice, order, id=order, reuse=ReusePolicy.REJECT)
        except AlreadyStarted:
            print("refused after it completed")


if __name__ == "__main__":
    asyncio.run(main())
