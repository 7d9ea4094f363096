"""A workflow that fails twice and an activity that fails twice; each execution is a line in the journal."""

from __future__ import annotations

import os

from loud import arguments, serve

from kagzi import Context, RetryPolicy, activity, activity_context, workflow
from kagzi.retry import RetryPredicate

parser = arguments()
parser.add_argument("--journal", required=True)
options = parser.parse_args()
journal = os.open(options.journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def note(run_id: str, what: str, attempt: int) -> None:
    os.write(journal, f"{run_id} {what} {attempt}\n".encode())


@activity("a")
async def a(number: int) -> int:
    context = activity_context()
    note(context.run_id, "a", context.attempt)
    if context.attempt < 3:
        raise ConnectionError("not yet")
    return number


@workflow("flaky")
async def flaky(ctx: Context, number: int) -> int:
    policy = RetryPolicy.fixed_with(500, 3).when(RetryPredicate.on_any_error())
    result = await ctx.activity("a", number, retry=policy, returns=int)
    await ctx.step(f"noted {ctx.attempt}", lambda: note(ctx.run_id, "w", ctx.attempt))
    if ctx.attempt < 3:
        raise ConnectionError("not yet")
    return result


serve(options, [flaky], [a])
