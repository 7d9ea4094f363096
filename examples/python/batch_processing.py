"""A batch in which some items fail: each is a step, so that only what failed has to be looked at again."""

import asyncio
from dataclasses import dataclass

from kagzi import Client, Context, ErrorKind, Member, StepError, Worker, activity, workflow


@dataclass
class Report:
    done: list[str]
    failed: dict[str, str]


@activity("import-row")
async def import_row(row: str) -> str:
    if not row.isdigit():
        raise StepError(ErrorKind.VALIDATION_FAILED, f"{row!r} is no number")
    return f"#{int(row):03}"


@workflow("batch-import")
async def batch_import(ctx: Context, rows: list[str]) -> Report:
    members = [(f"row-{number}", Member.activity(import_row, row)) for number, row in enumerate(rows, start=1)]
    result = await ctx.collect("rows", members, max_concurrency=4)
    return Report(list(result.results.values()), {name: error.message for name, error in result.errors.items()})


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[batch_import], activities=[import_row]):
        report = await client.execute(batch_import, ["1", "two", "3", "4", "five"])
        print("done:", *report.done)
        for row, why in report.failed.items():
            print(f"{row}: {why}")


if __name__ == "__main__":
    asyncio.run(main())
