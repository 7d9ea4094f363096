"""The pieces of code of the migration guide (docs/migrating-v1-to-v2.md), V1 and V2, in programs that run."""

import asyncio
import os
import socket
import uuid
from typing import Any

from kagzi import (
    Client,
    Context,
    Kagzi,
    ParallelErrorStrategy,
    ParallelExecutor,
    RetryPolicy,
    RetryPredicate,
    StepBuilder,
    Worker,
    workflow,
)

calls = 0


async def make_api_call() -> str:
    global calls
    calls += 1
    if calls % 2:
        raise ConnectionError("refused")
    return "answer"


async def fetch_user() -> str:
    return "ada"


async def fetch_posts() -> int:
    return 2


async def fetch_comments() -> int:
    return 3


async def fetch_item_1() -> str:
    return "one"


async def fetch_item_2() -> str:
    return "two"


async def call_api_1() -> str:
    await asyncio.sleep(30)
    return "first"


async def call_api_2() -> str:
    return "second"


async def retries(ctx: Context) -> list[str]:
    # snippet: retry-v1
    # V1: manual retry with custom logic
    async def call_with_retries() -> str:
        attempts = 0
        max_attempts = 3
        while True:
            attempts += 1
            try:
                return await make_api_call()
            except ConnectionError:
                if attempts >= max_attempts:
                    raise
                await asyncio.sleep(0.1 * 2**attempts)

    first = await ctx.step("api-call", call_with_retries)
    # end snippet

    # snippet: retry-v2
    # V2: automatic retry with exponential backoff
    second = await (
        StepBuilder("api-call")
        .retry_policy(RetryPolicy.exponential())
        .retry_predicate(RetryPredicate.on_retryable_error())
        .execute(ctx, make_api_call)
    )
    # end snippet
    return [first, second]


async def groups(ctx: Context) -> list[Any]:
    # snippet: parallel-v1
    # V1: concurrent steps by hand
    user, posts, comments = await asyncio.gather(
        ctx.step("fetch-user", fetch_user()),
        ctx.step("fetch-posts", fetch_posts()),
        ctx.step("fetch-comments", fetch_comments()),
    )
    # end snippet
    before = (user, posts, comments)

    # snippet: parallel-v2
    # V2: a group that the coordinator joins
    parallel_group = uuid.uuid4()
    executor = ParallelExecutor(ctx, parallel_group, None, ParallelErrorStrategy.FAIL_FAST)  # or COLLECT_ALL

    user, posts, comments = await asyncio.gather(
        executor.execute_step("fetch-user", fetch_user()),
        executor.execute_step("fetch-posts", fetch_posts()),
        executor.execute_step("fetch-comments", fetch_comments()),
    )
    # end snippet
    assert before == (user, posts, comments)

    # snippet: convenience
    # Members one by one, each with its own type (2 to 10)
    user, posts = await ctx.parallel("user-data", ("user", fetch_user), ("posts", fetch_posts))

    # The same by keywords: data.user, data.posts
    data = await ctx.parallel("user-data", user=fetch_user, posts=fetch_posts)

    # A list, results in the order asked
    results = await ctx.parallel_vec("fetch-all", [("item-1", fetch_item_1), ("item-2", fetch_item_2)])

    # A race, first to complete wins
    winner, result = await ctx.race("fastest-api", [("api-1", call_api_1), ("api-2", call_api_2)])
    # end snippet
    return [user, data.posts + posts, results, winner, result]


async def patterns(ctx: Context) -> list[Any]:
    # snippet: pattern-retry
    # Find this pattern in your V1 code:
    before = await ctx.step("greet", fetch_user)

    # Replace with:
    after = await StepBuilder("api-call").retry_policy(RetryPolicy.exponential()).execute(ctx, make_api_call)
    # end snippet

    # snippet: pattern-parallel
    # V1: sequential
    a = await ctx.step("step-a", fetch_user)
    b = await ctx.step("step-b", fetch_posts)
    c = await ctx.step("step-c", fetch_comments)

    # V2: parallel (if the steps are independent)
    d, e, f = await ctx.parallel(
        "parallel-group",
        ("step-a", fetch_user),
        ("step-b", fetch_posts),
        ("step-c", fetch_comments),
    )
    # end snippet
    return [before, after, (a, b, c) == (d, e, f)]


async def order(ctx: Context, input: str) -> str:
    return f"{input} by version {ctx.version}"


# snippet: versions-decorated
@workflow("order", version=1)
async def plain_order(ctx: Context, amount: float) -> str:
    return await ctx.step("price", lambda: f"{amount:.2f}")


@workflow("order", version=2)
async def taxed_order(ctx: Context, amount: float) -> str:
    return await ctx.step("price", lambda: f"{amount * 1.08:.2f}")
    # end snippet


async def decorated(client: Client) -> None:
    # snippet: versions-worker
    worker = Worker(client, workflows=[plain_order, taxed_order])
    # end snippet
    async with worker:
        print(await client.execute(taxed_order, 100.0, version=2))


async def versions(kagzi: Kagzi) -> None:
    order_v1 = order_v2 = order_v3 = order
    # snippet: versions-register
    # V2: register several versions
    kagzi.register_workflow_version("versioned-order", 1, order_v1)
    kagzi.register_workflow_version("versioned-order", 2, order_v2)
    kagzi.register_workflow_version("versioned-order", 3, order_v3)

    # Set the default version for new workflows
    await kagzi.set_default_workflow_version("versioned-order", 3)
    # end snippet

    # snippet: pattern-versions
    # V1: single registration
    kagzi.register_workflow("my-workflow", order_v1)

    # V2: versioned registration
    kagzi.register_workflow_version("my-workflow", 2, order_v2)
    await kagzi.set_default_workflow_version("my-workflow", 2)
    # end snippet


async def starts(kagzi: Kagzi) -> None:
    input = "order"
    # snippet: versions-start
    # Start with a specific version
    specific = await kagzi.start_workflow_version("versioned-order", 2, input)

    # Or use the default version
    handle = await kagzi.start_workflow("versioned-order", input)
    # end snippet
    print(await specific.result())
    print(await handle.result())

    # snippet: rollout
    # A canary: a tenth of new runs try version 3; the same workflow id always lands the same.
    await kagzi.set_default_workflow_version("versioned-order", 2)
    await kagzi.set_workflow_rollout("versioned-order", {3: 10})
    for version in await kagzi.list_workflow_versions("versioned-order"):
        print(f"version {version.version}: {version.open_count} open, {version.percent:g} % of new runs")
    # All is well: everything goes to version 3. Had it not been, `{}` would have taken the canary back.
    await kagzi.set_default_workflow_version("versioned-order", 3)
    await kagzi.set_workflow_rollout("versioned-order", {})
    # end snippet


async def main() -> None:
    async with await Kagzi.connect() as kagzi:
        kagzi.register_workflow("guide-retries", retries)
        kagzi.register_workflow("guide-groups", groups)
        kagzi.register_workflow("guide-patterns", patterns)
        await versions(kagzi)

        # snippet: worker
        # V2: a fully configured production worker
        worker = (
            kagzi.create_worker_builder()
            .worker_id(f"worker-{os.getpid()}")
            .max_concurrent_workflows(10)  # Limit concurrent execution
            .heartbeat_interval_secs(30)  # Health monitoring, at most a third of the lease
            .lease_duration_secs(120)  # A silent worker's tasks go to others after this
            .poll_interval_ms(500)  # Kept for compatibility: tasks are pushed
            .graceful_shutdown_timeout_secs(300)  # Wait for workflows on shutdown
            .hostname(socket.gethostname())
            .build()
        )
        # end snippet

        async with worker:
            print(await (await kagzi.start_workflow("guide-retries")).result())
            print(await (await kagzi.start_workflow("guide-groups")).result())
            print(await (await kagzi.start_workflow("guide-patterns")).result())
            await starts(kagzi)
        await decorated(kagzi)


if __name__ == "__main__":
    asyncio.run(main())
