"""A schedule: a workflow that the calendar starts."""

import asyncio
import uuid

from kagzi import Client, Context, OverlapPolicy, Worker, workflow


@workflow("report")
async def report(ctx: Context, kind: str) -> str:
    return await ctx.step("write", lambda: f"the {kind} report")


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[report]):
        name = f"nightly-{uuid.uuid4().hex[:8]}"
        schedule = await client.schedules.create(
            name, report, "full", cron="30 2 * * *", time_zone="Europe/Berlin", overlap=OverlapPolicy.BUFFER_ONE, jitter=60
        )
        print(f"{schedule.cron} in {schedule.time_zone}, next at {schedule.next_at:%H:%M} UTC" if schedule.next_at else "never")

        run_id = await client.schedules.trigger(name)  # now, without waiting for the night
        print(await client.handle(run_id).result())

        await client.schedules.pause(name, "the warehouse is being moved")
        await client.schedules.resume(name)
        async for firing in client.schedules.firings(name):
            print(firing.cause.name, firing.run_id == run_id or firing.skip_reason)
        await client.schedules.delete(name)


if __name__ == "__main__":
    asyncio.run(main())
