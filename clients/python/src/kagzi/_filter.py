"""Which runs a list, a count or a batch is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ._messages import run as messages
from ._times import to_timestamp
from .definitions import Workflow
from .runs import RunStatus


def run_filter(
    *, statuses: Sequence[RunStatus] = (), workflow: Workflow[Any, Any] | str | None = None, version: int | None = None,
    workflow_id: str = "", workflow_id_prefix: str = "", task_queue: str = "", tags: Mapping[str, str] | None = None,
    created_after: datetime | None = None, created_before: datetime | None = None, parent_run_id: str = "",
) -> messages.RunFilter:  # fmt: skip
    """Every condition given must match; none matches every run of the namespace."""
    chosen = messages.RunFilter(
        statuses=[int(status) for status in statuses],  # type: ignore[misc]
        workflow_type=workflow.name if isinstance(workflow, Workflow) else workflow or "",
        workflow_id=workflow_id,
        workflow_id_prefix=workflow_id_prefix,
        task_queue=task_queue,
        tags=tags,
        parent_run_id=parent_run_id,
    )
    if version is not None:
        chosen.workflow_version = version
    if created_after is not None:
        chosen.created_after.CopyFrom(to_timestamp(created_after))
    if created_before is not None:
        chosen.created_before.CopyFrom(to_timestamp(created_before))
    return chosen
