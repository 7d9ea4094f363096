"""Fan-out and fan-in: a text is split, its parts are counted by activities on any worker, the counts are added up."""

import asyncio
from collections import Counter

from kagzi import Client, Context, Member, Worker, activity, workflow

TEXT = "the quick brown fox jumps over the lazy dog while the cat sleeps " * 50


@activity("count-words")
async def count_words(part: str) -> dict[str, int]:
    return dict(Counter(part.split()))


def reduce(counts: list[dict[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return dict(total)


@workflow("map-reduce")
async def map_reduce(ctx: Context, text: str) -> dict[str, int]:
    words = text.split()
    parts = [" ".join(words[start : start + 25]) for start in range(0, len(words), 25)]
    mapped = await ctx.parallel_vec(
        "map", [(f"part-{number}", Member.activity(count_words, part)) for number, part in enumerate(parts)], max_concurrency=8
    )
    return await ctx.step("reduce", reduce, mapped)


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[map_reduce], activities=[count_words]):
        counts = await client.execute(map_reduce, TEXT)
        print(f"{counts['the']} × the, {counts['fox']} × fox, {sum(counts.values())} words")


if __name__ == "__main__":
    asyncio.run(main())
