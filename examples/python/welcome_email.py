"""A welcome email, with a reminder later: the run sleeps in between and holds no worker.

    python welcome_email.py worker               # as many as you like
    python welcome_email.py trigger ada@example.org

The process that triggers it ends at once; the workers do the rest.
"""

import asyncio
import sys

from kagzi import Client, Context, Worker, workflow

REMINDER_AFTER = 1.0  # seconds here; days for real


def send(address: str, template: str) -> str:
    print(f"to {address}: {template}", flush=True)
    return f"{template} sent to {address}"


@workflow("welcome-email")
async def welcome(ctx: Context, address: str) -> list[str]:
    first = await ctx.step("welcome", send, address, "welcome")
    await ctx.sleep("until-reminder", REMINDER_AFTER)
    second = await ctx.step("reminder", send, address, "first-steps")
    return [first, second]


async def trigger(address: str) -> None:
    async with Client() as client:
        handle = await client.start(welcome, address, id=f"welcome-{address}")
        print(handle.run_id)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["worker"]:
            asyncio.run(Worker(workflows=[welcome]).run())
        case ["trigger", address]:
            asyncio.run(trigger(address))
        case _:
            sys.exit(__doc__)
