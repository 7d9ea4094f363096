"""One operator action to every run that a filter chooses."""

from __future__ import annotations

import enum
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc.aio

from . import _payloads, _rpc
from ._caller import Caller
from ._filter import run_filter
from ._messages import workflow_service as messages


class BatchAction(enum.IntEnum):
    """What a batch does to each run."""

    CANCEL = 1
    TERMINATE = 2
    PAUSE = 3
    RESUME = 4
    RETRY = 5
    SIGNAL = 6


@dataclass(frozen=True)
class BatchProgress:
    """How far a batch is."""

    total: int
    done: int
    failed: int
    """Runs that could not be changed, such as ones closed meanwhile."""
    failures: tuple[str, ...]
    finished: bool


class Batches(Caller):
    """`client.batches`."""

    service = "WorkflowService"

    async def run(
        self, action: BatchAction, *, reason: str = "", dry_run: bool = False, all: bool = False, signal: str = "",
        payload: Any = None, max_per_second: int = 0, request_id: str | None = None, **filter: Any,
    ) -> AsyncIterator[BatchProgress]:  # fmt: skip
        """Do one action to many runs: `async for progress in client.batches.run(BatchAction.RETRY, workflow="order")`.

        The filter is that of `Client.list`; without any, `all` says that every run is meant. `dry_run` only counts.
        What was begun and stopped is done by the same batch again; a SIGNAL wants the `request_id` of the first time for
        that: it is the one of each run's signal, so no run is signalled twice.
        """
        request = messages.BatchRunsRequest(
            namespace=self.namespace,
            action=int(action),  # type: ignore[arg-type]
            filter=run_filter(**filter),
            reason=reason,
            dry_run=dry_run,
            all=all,
            signal_name=signal,
            max_per_second=max_per_second,
        )
        if action is BatchAction.SIGNAL:
            request.payload.CopyFrom(_payloads.encode(payload))
            request.request_id = request_id or uuid.uuid4().hex
        call = _rpc.stream(self._client._open(), "WorkflowService/BatchRuns", messages.BatchRunsResponse)(request)
        try:
            async for each in call:
                yield BatchProgress(each.total, each.done, each.failed, tuple(each.failures), each.finished)
        except grpc.aio.AioRpcError as failed:
            raise _rpc.error_of(failed) from None
