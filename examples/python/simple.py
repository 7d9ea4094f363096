"""A first workflow: two steps, one after the other.

Start a coordinator with `kagzi dev`, then run this: it is worker and client in one.
"""

import asyncio
import sys

from kagzi import Client, Context, Worker, workflow


@workflow("simple")
async def simple(ctx: Context, name: str) -> str:
    greeting = await ctx.step("greet", lambda: f"Hello, {name}")
    return await ctx.step("shout", lambda: greeting.upper() + "!")


async def main(name: str) -> None:
    async with Client() as client, Worker(client, workflows=[simple]):
        print(await client.execute(simple, name))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "world"))
