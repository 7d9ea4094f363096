"""Eight members of which one fails: the executor with COLLECT_ALL runs them all to their end."""

import asyncio
import uuid

from kagzi import Client, Context, ErrorKind, ParallelErrorStrategy, ParallelExecutor, StepError, Worker, workflow


async def check(shard: int) -> str:
    if shard == 5:
        raise StepError(ErrorKind.SERVICE_UNAVAILABLE, f"shard {shard} is away")
    return f"shard {shard} is well"


@workflow("collect-all")
async def collect_all(ctx: Context) -> list[str]:
    parallel_group = uuid.uuid4()  # only a name: it may differ on every replay
    executor = ParallelExecutor(ctx, parallel_group, None, ParallelErrorStrategy.COLLECT_ALL)
    await asyncio.gather(
        *(executor.execute_step(f"shard-{shard}", check, shard) for shard in range(1, 9)), return_exceptions=True
    )
    result = executor.results()
    assert not result.is_success and result.first_error is not None
    return [f"{len(result.results)} succeeded", f"{len(result.errors)} failed", str(result.first_error)]


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[collect_all]):
        for line in await client.execute(collect_all):
            print(line)


if __name__ == "__main__":
    asyncio.run(main())
