"""Types and tasks that the tests of workers share."""

from __future__ import annotations

from typing import Any

from kagzi import Context, _payloads, activity, workflow
from kagzi._messages import worker


@workflow("greet")
async def greet(ctx: Context, name: str) -> str:
    return f"hello {await ctx.activity('lookup', name)}"


@workflow("local")
async def local(ctx: Context, name: str) -> str:
    return await ctx.step("shout", lambda: name.upper(), returns=str)


@activity("lookup")
async def lookup(name: str) -> str:
    return name.title()


def workflow_task(token: str, name: str, input: Any = None, run: str = "run-1", **options: Any) -> worker.Task:
    task = worker.Task(token=token.encode(), run_id=run, workflow_type=name, workflow_version=1, attempt=1)
    task.workflow.input.CopyFrom(_payloads.encode(input))
    for key, each in options.items():
        if key == "steps":
            task.workflow.steps.extend(each)
        else:
            setattr(task.workflow, key, each)
    return task


def activity_task(token: str, name: str, input: Any = None, progress: Any = None) -> worker.Task:
    task = worker.Task(token=token.encode(), run_id="run-1", workflow_type="greet", workflow_version=1, attempt=1)
    task.activity.activity_type = name
    task.activity.activity_version = 1
    task.activity.step = name
    task.activity.input.CopyFrom(_payloads.encode(input))
    if progress is not None:
        task.activity.progress.CopyFrom(_payloads.encode(progress))
    return task
