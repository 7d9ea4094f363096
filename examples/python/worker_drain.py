"""A worker that is told to stop finishes what it runs: by SIGTERM, or from afar as here."""

import asyncio

from kagzi import Client, Context, Worker, WorkerStatus, workflow

begun = asyncio.Event()


async def long_work() -> str:
    begun.set()
    await asyncio.sleep(1)
    return "finished all the same"


@workflow("long-work")
async def long(ctx: Context) -> str:
    return await ctx.step("work", long_work)


async def main() -> None:
    async with Client() as client:
        worker = Worker(client, workflows=[long], worker_id="drains", graceful_shutdown_timeout_secs=30)
        working = asyncio.create_task(worker.run())
        handle = await client.start(long)
        await begun.wait()

        # snippet: drain
        await client.workers.drain("drains", reason="a new release")
        while (await client.workers.get("drains")).status is WorkerStatus.RUNNING:
            await asyncio.sleep(0.05)
        print((await client.workers.get("drains")).status.name)
        # end snippet

        print(await handle.result())
        await working
        print((await client.workers.get("drains")).status.name)
        events = [event.kind for event in await client.workers.events("drains")]
        print(*(kind for kind in reversed(events) if kind.startswith(("START", "SHUTDOWN"))))


if __name__ == "__main__":
    asyncio.run(main())
