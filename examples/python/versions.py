"""Three versions of a workflow side by side: the default, explicit starts, a canary, and back."""

import asyncio
from dataclasses import dataclass

from kagzi import Context, Kagzi


@dataclass
class Order:
    amount: float


async def price(ctx: Context, order: Order) -> str:
    return await ctx.step("price", lambda: f"{order.amount:.2f}")


async def price_with_tax(ctx: Context, order: Order) -> str:
    return await ctx.step("price", lambda: f"{order.amount * 1.08:.2f} with tax")


async def price_with_points(ctx: Context, order: Order) -> str:
    total = await ctx.step("price", lambda: f"{order.amount * 1.08:.2f} with tax")
    points = await ctx.step("points", lambda: int(order.amount) // 10)
    return f"{total}, {points} points"


async def main() -> None:
    async with await Kagzi.connect() as kagzi:
        kagzi.register_workflow_version("checkout", 1, price)
        kagzi.register_workflow_version("checkout", 2, price_with_tax)
        kagzi.register_workflow_version("checkout", 3, price_with_points)
        await kagzi.set_default_workflow_version("checkout", 2)

        async with kagzi.create_worker():

            async def start(version: int | None = None) -> str:
                if version is None:
                    handle = await kagzi.start_workflow("checkout", Order(100))
                else:
                    handle = await kagzi.start_workflow_version("checkout", version, Order(100))
                return str(await handle.result())

            print("version 1:", await start(1))
            print("version 3:", await start(3))
            print("default:", await start())

            # All new runs to version 3, as if 100 % were the last stage of a gradual rollout, then back.
            await kagzi.set_workflow_rollout("checkout", {3: 100})
            print("canary:", await start())
            await kagzi.set_workflow_rollout("checkout", {})
            print("rolled back:", await start())

            for version in await kagzi.list_workflow_versions("checkout"):
                print(f"version {version.version}: {version.open_count} open, {version.live_workers} workers")


if __name__ == "__main__":
    asyncio.run(main())
