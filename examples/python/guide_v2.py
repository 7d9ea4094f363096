"""The V2 program of the migration guide: policies, parallel steps, versions, a configured worker, health."""

import asyncio
import uuid
from dataclasses import dataclass

from kagzi import (
    Context,
    HealthChecker,
    Kagzi,
    Member,
    ParallelErrorStrategy,
    ParallelExecutor,
    RetryPolicy,
    RetryPredicate,
    StepBuilder,
)


@dataclass
class OrderInput:
    order_id: str
    amount: float


async def fetch_user() -> str:
    return "ada"


async def process_payment(input: OrderInput) -> str:
    return f"paid {input.amount:.2f}"


async def update_inventory(input: OrderInput) -> str:
    return "reserved"


async def send_email(input: OrderInput) -> None:
    print(f"email about {input.order_id}", flush=True)


async def send_sms(input: OrderInput) -> None:
    print(f"sms about {input.order_id}", flush=True)


# snippet: workflow
async def process_order_v2(ctx: Context, input: OrderInput) -> str:
    # Automatic retry with exponential backoff
    await (
        StepBuilder("fetch-user")
        .retry_policy(RetryPolicy.exponential())
        .retry_predicate(RetryPredicate.on_retryable_error())
        .execute(ctx, fetch_user)
    )

    # Parallel execution with memoization
    parallel_group = uuid.uuid4()
    executor = ParallelExecutor(ctx, parallel_group, None, ParallelErrorStrategy.FAIL_FAST)

    await asyncio.gather(
        executor.execute_step("process-payment", process_payment, input),
        executor.execute_step("update-inventory", update_inventory, input),
    )

    # Multi-channel notification
    await ctx.parallel_vec(
        "notify",
        [
            ("email", Member.step(send_email, input)),
            ("sms", Member.step(send_sms, input)),
        ],
    )

    return "completed"
    # end snippet


# snippet: main
async def watch_health(checker: HealthChecker) -> None:
    while True:
        result = await checker.comprehensive_check()
        if not result.is_healthy:
            print("health check failed:", result.errors)
        await asyncio.sleep(60)


async def main() -> None:
    kagzi = await Kagzi.connect()

    # Register with versioning
    kagzi.register_workflow_version("process-order", 2, process_order_v2)
    await kagzi.set_default_workflow_version("process-order", 2)

    # Production-ready worker
    worker = (
        kagzi.create_worker_builder()
        .worker_id("order-worker-1")
        .max_concurrent_workflows(10)
        .heartbeat_interval_secs(30)
        .graceful_shutdown_timeout_secs(300)
        .build()
    )

    # Health monitoring
    monitoring = asyncio.create_task(watch_health(HealthChecker(kagzi)))

    # The worker handles SIGTERM and SIGINT gracefully
    await worker.start()
    monitoring.cancel()
    # end snippet


if __name__ == "__main__":
    asyncio.run(main())
