"""Retries by hand, as before there were policies: each use of a step's name is its own step, so a loop works."""

import asyncio

from kagzi import Client, Context, StepError, Worker, workflow

calls = 0


async def fetch_user() -> str:
    global calls
    calls += 1
    if calls < 3:
        raise ConnectionError("the service does not answer")
    return "ada"


@workflow("manual-retry")
async def manual_retry(ctx: Context) -> str:
    attempts = 0
    while True:
        attempts += 1
        try:
            user = await ctx.step("fetch-user", fetch_user)
            break
        except StepError:
            if attempts == 3:
                raise
            await ctx.sleep("before-retry", 0.1)
    return f"{user} after {attempts} attempts"


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[manual_retry]):
        handle = await client.start(manual_retry)
        print(await handle.result())
        for step in await handle.steps():
            print(f"{step.key}: {step.state.name.lower()}")


if __name__ == "__main__":
    asyncio.run(main())
