"""Schedules against the real coordinator."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime, timezone

import pytest
from coordinator import Coordinator
from programs import output, run
from support import serving

from kagzi import AlreadyExists, Client, Context, FiringCause, InvalidField, NotFound, OverlapPolicy, workflow


async def test_nightly_report(coordinator: Coordinator) -> None:
    lines = (await output(await run(coordinator, "nightly_report.py"))).splitlines()
    assert lines[0].startswith("30 2 * * * in Europe/Berlin, next at 0")
    assert lines[1:] == ["the full report", "TRIGGER True"]


async def test_a_schedule_fires_by_itself_by_hand_and_for_the_past(client: Client, queue: str) -> None:
    @workflow(queue)
    async def tick(ctx: Context, name: str) -> str:
        return f"{name} at {ctx.workflow_id}"

    name = f"{queue}-{uuid.uuid4().hex[:8]}"
    async with serving(client, queue, tick):
        schedule = await client.schedules.create(
            name, tick, "tick", interval=1, overlap=OverlapPolicy.ALLOW, task_queue=queue, tags={"by": "schedule"}
        )
        assert schedule.next_at is not None and schedule.input() == "tick"
        with pytest.raises(AlreadyExists):
            await client.schedules.create(name, tick, "tick", interval=1)

        async def fired() -> str:
            while True:
                async for firing in client.schedules.firings(name):
                    if firing.cause is FiringCause.CALENDAR and firing.run_id:
                        return firing.run_id
                await asyncio.sleep(0.1)

        run_id = await asyncio.wait_for(fired(), 10)
        assert (await client.handle(run_id).result(timeout=10)).startswith("tick at ")
        assert (await client.get(run_id)).tags == {"by": "schedule"}
        await client.schedules.pause(name, "enough")
        by_hand = await client.schedules.trigger(name)
        assert (await client.handle(by_hand).result(timeout=10)).startswith("tick at ")
        await client.schedules.update(name, tick, "tock", cron="0 12 * * *", overlap=OverlapPolicy.ALLOW, task_queue=queue)
        since, until = datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 4, tzinfo=timezone.utc)
        assert await client.schedules.backfill(name, since, until) == 3
        found = await client.schedules.get(name)
        assert (found.paused, found.note, found.cron) == (True, "enough", "0 12 * * *")
        await client.schedules.resume(name)
        assert any(each.schedule_id == name for each in await client.schedules.list())
    await client.schedules.delete(name)
    with pytest.raises(NotFound):
        await client.schedules.get(name)


@pytest.mark.parametrize(
    "timing",
    [
        {"cron": "61 * * * *"},
        {"cron": "* * * * * * *"},
        {"cron": "0 0 30 2 *"},
        {"cron": "* * * * *", "time_zone": "Nowhere/Land"},
        {"interval": 0.1},
    ],
    ids=["field", "seven fields", "never", "zone", "too often"],
)
async def test_mistakes_in_a_schedule_name_the_field(client: Client, queue: str, timing: dict[str, str]) -> None:
    with pytest.raises(InvalidField) as caught:
        await client.schedules.create(f"bad-{uuid.uuid4()}", "anything", **timing)  # type: ignore[arg-type]
    assert caught.value.field
