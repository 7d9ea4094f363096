"""What operators' programs do: start many runs, look at them, watch one, and act on all that a filter chooses."""

import asyncio

from kagzi import BatchAction, Client, Context, Worker, workflow


@workflow("review")
async def review(ctx: Context, amount: int) -> str:
    name = await ctx.wait_for_signal("approved", returns=str)
    return await ctx.step("book", lambda: f"{amount} approved by {name}")


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[review]):
        # snippet: start-many
        starts = await client.start_many(
            review, [10, 20, 30], ids=["review-1", "review-2", "review-3"], tags={"desk": "north"}, return_exceptions=True
        )
        for refusal in starts:
            if isinstance(refusal, Exception):
                print("refused:", refusal)
        # end snippet

        # snippet: list
        async for run in client.list(workflow=review, tags={"desk": "north"}, limit=100):
            print(f"{run.workflow_id} is version {run.version}")
        # end snippet

        # snippet: batch
        north = {"desk": "north"}
        async for progress in client.batches.run(BatchAction.TERMINATE, workflow=review, tags=north, dry_run=True):
            if progress.finished:
                print(f"would end {progress.total} runs")
        async for progress in client.batches.run(
            BatchAction.SIGNAL, workflow=review, tags=north, signal="approved", payload="Ada"
        ):
            if progress.finished:
                print(f"{progress.done} of {progress.total} approved, {progress.failed} failed")
        # end snippet

        # snippet: watch
        handle = client.handle(workflow_id="review-2", result_type=str)
        async for change in handle.watch():
            if change.kind == "step_settled" and change.step is not None:
                print(f"{change.step.key}: {change.step.state.name}")
        print(await handle.result(timeout=30))
        # end snippet


if __name__ == "__main__":
    asyncio.run(main())
