"""A saga: when a later step fails, or the run is cancelled, what was done before is undone, last first."""

import asyncio

from kagzi import Client, Context, ErrorKind, StepError, Worker, WorkflowFailed, activity, workflow


@activity("book")
async def book(what: str) -> str:
    if what == "car":
        raise StepError(ErrorKind.BUSINESS_LOGIC_ERROR, "no car is left")
    return f"{what}-reservation"


@activity("cancel-booking")
async def cancel_booking(reservation: str) -> str:
    return f"{reservation} cancelled"


@workflow("trip")
async def trip(ctx: Context, parts: list[str]) -> list[str]:
    booked: list[str] = []
    try:
        for part in parts:
            booked.append(await ctx.activity(book, part, step=f"book-{part}"))
        return booked
    except BaseException:  # a failure or a cancellation; that the run is only suspended is never seen here
        async with ctx.uncancellable():
            for reservation in reversed(booked):
                await ctx.activity(cancel_booking, reservation, step=f"undo-{reservation}")
        raise


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[trip], activities=[book, cancel_booking]):
        print(await client.execute(trip, ["flight", "hotel"]))
        handle = await client.start(trip, ["flight", "hotel", "car"])
        try:
            await handle.result()
        except WorkflowFailed as error:
            print(error.failure)
        for step in await handle.steps():
            print(f"{step.key}: {step.output() or step.state.name.lower()}")


if __name__ == "__main__":
    asyncio.run(main())
