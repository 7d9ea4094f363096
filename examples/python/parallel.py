"""Steps at the same time: two that belong together, a list of any length, and a race."""

import asyncio

from kagzi import Client, Context, Member, Worker, activity, workflow


async def fetch_user() -> dict[str, str]:
    await asyncio.sleep(0.05)
    return {"name": "ada"}


async def fetch_posts() -> list[str]:
    await asyncio.sleep(0.05)
    return ["first post", "second post"]


@activity("fetch-comments")
async def fetch_comments(post: str) -> int:
    return len(post)


async def answer_after(seconds: float, text: str) -> str:
    await asyncio.sleep(seconds)
    return text


@workflow("parallel")
async def page(ctx: Context) -> str:
    # A tuple of members: results in the same order, each with its own type.
    user, posts = await ctx.parallel("user-data", ("user", fetch_user), ("posts", fetch_posts))

    # A list of any length, here of activities, which run on any worker.
    counts = await ctx.parallel_vec("comments", [(post, Member.activity(fetch_comments, post)) for post in posts])

    # The first to succeed wins, and stays the winner on every replay. The others are cancelled.
    winner, greeting = await ctx.race(
        "fastest-api",
        [
            ("slow", Member.step(answer_after, 5, "good evening")),
            ("fast", Member.step(answer_after, 0.02, "good morning")),
            ("slower", Member.step(answer_after, 9, "good night")),
        ],
    )
    return f"{greeting} from {winner}: {user['name']} has {len(posts)} posts and {sum(counts)} comments"


async def main() -> None:
    async with Client() as client, Worker(client, workflows=[page], activities=[fetch_comments]):
        handle = await client.start(page)
        print(await handle.result())
        for group in await handle.groups():
            print(f"{group.key}: {group.succeeded} of {group.member_count}, {group.verdict.name.lower()}")


if __name__ == "__main__":
    asyncio.run(main())
