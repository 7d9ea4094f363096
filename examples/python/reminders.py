"""Reminders at given times, one after the other. Times that are past already do not sleep."""

import asyncio
from datetime import datetime, timedelta, timezone

from kagzi import Client, Context, Worker, workflow


@workflow("reminders")
async def reminders(ctx: Context, times: list[datetime]) -> list[str]:
    sent = []
    for number, when in enumerate(times, start=1):
        await ctx.sleep_until(f"until-{number}", when)
        sent.append(await ctx.step(f"remind-{number}", lambda number=number: f"reminder {number}"))
    return sent


async def main() -> None:
    now = datetime.now(timezone.utc)
    async with Client() as client, Worker(client, workflows=[reminders]):
        times = [now - timedelta(days=1), now + timedelta(seconds=0.3), now + timedelta(seconds=0.6)]
        for line in await client.execute(reminders, times):
            print(line)


if __name__ == "__main__":
    asyncio.run(main())
