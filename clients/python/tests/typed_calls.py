"""What type checkers make of the API. Checked by mypy (see pyproject.toml), never run."""

from __future__ import annotations

import asyncio
from typing import Any

from typing_extensions import assert_type

from kagzi import Client, Context, Member, ParallelExecutor, ParallelResult, Results, RetryPolicy, activity, workflow


class User: ...


class Post: ...


async def fetch_user() -> User:
    return User()


async def fetch_posts(user: str, count: int) -> list[Post]:
    return []


def count_words(text: str) -> int:
    return 0


@activity("charge")
async def charge(amount: float) -> str:
    return ""


@activity("ping")
async def ping() -> bool:
    return True


@workflow("ship")
async def ship(ctx: Context, order: str) -> Post:
    return Post()


async def calls(ctx: Context, client: Client) -> None:
    assert_type(await ctx.step("a", fetch_user), User)
    assert_type(await ctx.step("a", fetch_posts, "ada", 3), list[Post])
    assert_type(await ctx.step("a", count_words, "text"), int)
    assert_type(await ctx.activity(charge, 9.5, retry=RetryPolicy.none()), str)
    assert_type(await ctx.child(ship, "order", id="parcel"), Post)
    assert_type(await ctx.wait_for_signal("go", returns=User), User)
    assert_type(await ctx.wait_for_signal("go", timeout=3, returns=User), User | None)

    user, posts = await ctx.parallel("g", ("user", fetch_user), ("posts", Member.step(fetch_posts, "ada", 3)), max_concurrency=2)
    assert_type(user, User)
    assert_type(posts, list[Post])
    three = await ctx.parallel(
        "g", ("charge", Member.activity(charge, 1.0)), ("words", Member.step(count_words, "t")), ("ship", Member.child(ship, "o"))
    )
    assert_type(three, tuple[str, int, Post])
    assert_type(await ctx.parallel("g", ("coroutine", fetch_user()), ("activity", Member.activity(ping))), tuple[User, bool])
    assert_type(await ctx.parallel("g", [("a", fetch_user), ("b", fetch_user)]), list[User])
    assert_type(await ctx.parallel("g", user=fetch_user, words=lambda: 3), Results)
    assert_type(await ctx.parallel_vec("g", [("a", Member.activity(charge, 1.0))]), list[str])
    assert_type(await ctx.race("g", [("a", fetch_user), ("b", fetch_user)]), tuple[str, User])
    assert_type(await ctx.collect("g", [("a", fetch_user)], quorum=1), ParallelResult[User])

    executor = ParallelExecutor(ctx, "g")
    first, second, third = await asyncio.gather(
        executor.execute_step("a", fetch_user),
        executor.execute_activity("b", charge, 1.0),
        executor.execute_child("c", ship, "o"),
    )
    assert_type(first, User)
    assert_type(second, str)
    assert_type(third, Post)

    assert_type(await (await client.start(ship, "order")).result(), Post)
    assert_type(await (await client.signal_with_start(ship, "order", id="x", signal="go")).result(), Post)
    assert_type(await client.execute("ship", "order"), Any)


async def never_returns(ctx: Context) -> int:
    await ctx.continue_as_new(1)  # no return is missing here
