"""Retry policies of steps: the coordinator decides and remembers, whatever happens to workers meanwhile."""

import asyncio
from collections import Counter

from kagzi import Client, Context, ErrorKind, RetryPolicy, RetryPredicate, StepBuilder, StepError, Worker, workflow

calls: Counter[str] = Counter()


async def third_try() -> str:
    calls["third"] += 1
    if calls["third"] < 3:
        raise ConnectionError("refused")  # a network error, so retryable
    return "third try"


async def second_try() -> str:
    calls["second"] += 1
    if calls["second"] < 2:
        raise StepError(ErrorKind.RATE_LIMITED, "slow down", retry_after=0.05)
    return "second try"


async def never_works() -> str:
    calls["none"] += 1
    raise ConnectionError("refused")


async def odd() -> str:
    calls["any"] += 1
    if calls["any"] < 2:
        raise KeyError("no kind of its own")  # UNKNOWN, so not retried unless any error is
    return "any error"


@workflow("step-policies")
async def step_policies(ctx: Context) -> list[str]:
    quick = RetryPolicy.exponential_with(initial=0.05, max=1, multiplier=2, attempts=5)
    results = [
        await StepBuilder("third")
        .retry_policy(quick)
        .retry_predicate(RetryPredicate.on_retryable_error())
        .execute(ctx, third_try),
        await ctx.step_builder("second")
        .retry_policy(RetryPolicy.fixed_with(50, 3))
        .retry_predicate(RetryPredicate.on_error_kind([ErrorKind.RATE_LIMITED]))
        .execute(second_try),
        await ctx.step("any", odd, retry=quick.when(RetryPredicate.on_any_error())),
    ]
    try:
        await ctx.step("none", never_works, retry=RetryPolicy.none())
    except StepError as error:
        results.append(f"gave up at once: {error.kind.name}")
    return results


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[step_policies]):
        handle = await client.start(step_policies)
        for line in await handle.result():
            print(line)
        for attempt in await handle.attempts("third"):
            print(f"attempt {attempt.attempt}: {attempt.failure.kind.name if attempt.failure else 'ok'}")


if __name__ == "__main__":
    asyncio.run(main())
