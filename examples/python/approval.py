"""A person decides: the run waits for a signal, without a worker, for as long as it takes; then a child workflow pays."""

import asyncio
import uuid
from dataclasses import dataclass

from kagzi import Client, Context, Worker, workflow


@dataclass
class Decision:
    by: str
    approved: bool


@workflow("pay-out")
async def pay_out(ctx: Context, amount: float) -> str:
    return await ctx.step("transfer", lambda: f"{amount:.2f} paid")


@workflow("approval")
async def approval(ctx: Context, amount: float) -> str:
    decision = await ctx.wait_for_signal("decision", timeout=7 * 24 * 3600, returns=Decision)
    if decision is None:
        return "nobody decided within a week"
    if not decision.approved:
        return f"{decision.by} declined"
    receipt = await ctx.child(pay_out, amount)
    return f"{decision.by} approved: {receipt}"


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[approval, pay_out]):
        handle = await client.start(approval, 250.0, id=f"expense-{uuid.uuid4()}")
        await handle.signal("decision", Decision(by="ada", approved=True))
        print(await handle.result())

        # A signal may come first: it starts the run that it is for.
        early = await client.signal_with_start(
            approval, 99.0, id=f"expense-{uuid.uuid4()}", signal="decision", payload=Decision(by="eve", approved=False)
        )
        print(await early.result())


if __name__ == "__main__":
    asyncio.run(main())
