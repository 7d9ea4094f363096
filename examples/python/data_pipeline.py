"""A data pipeline: each step takes and returns typed values, which are recorded as JSON and read back as the same types."""

import asyncio
from dataclasses import dataclass
from datetime import date

from kagzi import Client, Context, Worker, activity, workflow


@dataclass
class Reading:
    day: date
    celsius: float | None


@dataclass
class Summary:
    days: int
    mean: float
    warmest: date


@activity("extract-readings")
async def extract(month: str) -> list[Reading]:
    values = [4.0, None, 6.5, 9.0, 8.5]
    return [Reading(date.fromisoformat(f"{month}-{day:02}"), value) for day, value in enumerate(values, start=1)]


def clean(readings: list[Reading]) -> list[Reading]:
    return [reading for reading in readings if reading.celsius is not None]


def summarize(readings: list[Reading]) -> Summary:
    known = [(reading.celsius or 0.0, reading.day) for reading in readings]
    return Summary(len(known), sum(celsius for celsius, _ in known) / len(known), max(known)[1])


@workflow("data-pipeline")
async def pipeline(ctx: Context, month: str) -> Summary:
    readings = await ctx.activity(extract, month)
    cleaned = await ctx.step("clean", clean, readings)
    return await ctx.step("summarize", summarize, cleaned)


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[pipeline], activities=[extract]):
        summary = await client.execute(pipeline, "2026-03")
        print(f"{summary.days} days, mean {summary.mean:.1f}, warmest {summary.warmest:%d %B}")


if __name__ == "__main__":
    asyncio.run(main())
