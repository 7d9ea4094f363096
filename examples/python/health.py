"""Health while workers run: of the database, of each worker, of everything."""

import asyncio

from kagzi import Client, Context, HealthCheckConfig, HealthChecker, HealthStatus, Worker, workflow


@workflow("watched")
async def watched(ctx: Context) -> str:
    return await ctx.step("work", lambda: "done")


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[watched], worker_id="watched-worker"):
        await client.execute(watched)

        # snippet: health
        config = HealthCheckConfig(heartbeat_timeout_secs=120, heartbeat_warning_secs=60)
        checker = HealthChecker(client, config)
        database = await checker.check_database_health()
        print("database:", database.status.name)

        for worker in await client.workers.active():
            health = await checker.check_worker_health(worker)
            match health.status:
                case HealthStatus.HEALTHY:
                    print(f"✓ {worker.worker_name} is healthy")
                case HealthStatus.DEGRADED:
                    print(f"⚠ {worker.worker_name} is degraded: {health.message}")
                case HealthStatus.UNHEALTHY:
                    print(f"✗ {worker.worker_name} is unhealthy: {health.message}")

        result = await checker.comprehensive_check()
        if result.is_healthy:
            print("all is well")
        else:
            print("not well:", *result.errors, sep="\n  ")
        # end snippet


if __name__ == "__main__":
    asyncio.run(main())
