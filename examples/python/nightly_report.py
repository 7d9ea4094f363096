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
            name, report, "nightly", cron="0 3 * * *", time_zone="Europe/Berlin", overlap=OverlapPolicy.BUFFER_ONE
        )
        print(f"{schedule.cron} in {schedule.time_zone}, next at {schedule.next_at:%H:%M} UTC" if schedule.next_at else "never")

        run_id = await client.schedules.trigger(name)  # now, without waiting for the night
        print(await client.handle(run_id).result())

        await client.schedules.pause(name, "holiday")
        print("paused:", (await client.schedules.get(name)).note)
        await client.schedules.delete(name)


if __name__ == "__main__":
    asyncio.run(main())
