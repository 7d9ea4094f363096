"""A worker of its own process, to be killed: `worker_process.py ADDRESS QUEUE FOLDER`.

Every execution of a step or an activity appends a line to FOLDER/executions, so that tests can count them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from kagzi import ActivityContext, Context, Member, Worker, activity, workflow

ADDRESS, QUEUE, FOLDER = sys.argv[1], sys.argv[2], Path(sys.argv[3])


def executed(what: str) -> None:
    with open(FOLDER / "executions", "a") as file:
        file.write(what + "\n")


@workflow("three-steps")
async def three_steps(ctx: Context, hold: bool) -> list[str]:
    """`hold` makes the second step wait until FOLDER/release exists."""

    def step(name: str, wait: bool) -> str:
        executed(f"{ctx.workflow_id} {name}")
        while wait and not (FOLDER / "release").exists():
            asyncio.run(asyncio.sleep(0.02))
        return name

    return [await ctx.step(name, step, name, hold and name == "two") for name in ("one", "two", "three")]


@workflow("mixed")
async def mixed(ctx: Context, number: int) -> int:
    first = await ctx.step("first", lambda: executed(f"{ctx.workflow_id} first") or number)
    second: int = await ctx.activity("double", first)
    await ctx.sleep("pause", 0.05)
    return await ctx.step("last", lambda: executed(f"{ctx.workflow_id} last") or second + 1)


@activity("double")
async def double(ctx: ActivityContext, number: int) -> int:
    executed(f"{ctx.workflow_id} double")
    await asyncio.sleep(float(os.environ.get("DELAY", "0")))
    return number * 2


@activity("hold")
async def hold(ctx: ActivityContext) -> str:
    """Says how far it is, and waits until FOLDER/release exists."""
    executed(f"{ctx.workflow_id} hold {ctx.attempt}")
    ctx.heartbeat((ctx.progress or 0) + 1)
    while not (FOLDER / "release").exists():
        await asyncio.sleep(0.02)
    return f"attempt {ctx.attempt}, progress {ctx.progress}"


@workflow("holds")
async def holds(ctx: Context) -> str:
    return str(await ctx.activity("hold"))


@workflow("everything")
async def everything(ctx: Context, number: int) -> list[int]:
    """A group, a race, a child and a signal."""

    def near(name: str) -> int:
        executed(f"{ctx.workflow_id} {name}")
        return number

    shared = await ctx.parallel_vec(
        "group",
        [(f"near-{n}", Member.step(near, f"near-{n}")) for n in range(3)]
        + [(f"far-{n}", Member.activity("double", number, returns=int)) for n in range(3)],
    )
    winner, value = await ctx.race("race", [(f"r-{n}", Member.activity("double", n, returns=int)) for n in range(3)])
    assert value == int(winner[2:]) * 2
    child: int = await ctx.child("mixed", number)
    signal = await ctx.wait_for_signal("go", returns=int)
    return [sum(shared), child, signal]


def held(name: str) -> str:
    executed(name)
    while not (FOLDER / "release").exists():
        asyncio.run(asyncio.sleep(0.02))
    return name


@activity("far")
async def far(name: str) -> str:
    executed(name)
    while name == "far-held" and not (FOLDER / "release").exists():
        await asyncio.sleep(0.02)
    return name


@workflow("group")
async def group(ctx: Context) -> list[str]:
    """Two of the five members wait until FOLDER/release exists."""

    def near(name: str) -> str:
        executed(name)
        return name

    return await ctx.parallel_vec(
        "g",
        [
            ("near-1", Member.step(near, "near-1")),
            ("near-2", Member.step(near, "near-2")),
            ("held", Member.step(held, "held")),
            ("far", Member.activity(far, "far")),
            ("far-held", Member.activity(far, "far-held")),
        ],
    )


async def main() -> None:
    worker = Worker(
        ADDRESS,
        workflows=[three_steps, mixed, holds, group, everything],
        activities=[double, hold, far],
        task_queues=[QUEUE],
        lease_duration_secs=float(os.environ.get("LEASE", "2")),
        graceful_shutdown_timeout_secs=float(os.environ.get("GRACE", "30")),
        max_concurrent_workflows=50,
        max_concurrent_activities=50,
    )
    await worker.run()


if __name__ == "__main__":
    asyncio.run(main())
