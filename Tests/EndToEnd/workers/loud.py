"""A worker that says on standard output when its session opens, resumes, is lost and ends."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable
from typing import Any

from kagzi import Worker


class LoudWorker(Worker):
    def welcomed(self, welcome: Any) -> None:
        super().welcomed(welcome)
        print(f"welcome resumed={welcome.resumed} session={welcome.session_id}", flush=True)

    def session_lost(self, reason: str) -> None:
        super().session_lost(reason)
        print(f"session lost: {reason}", flush=True)

    def drain_requested(self, timeout: float | None, reason: str) -> None:
        super().drain_requested(timeout, reason)
        print(f"drain: {reason}", flush=True)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", required=True)
    parser.add_argument("--queue", required=True)
    parser.add_argument("--lease", type=float, default=30)
    parser.add_argument("--id")
    parser.add_argument("--slots", type=int, default=20)
    return parser


def serve(options: argparse.Namespace, workflows: Iterable[Any] = (), activities: Iterable[Any] = ()) -> None:
    worker = LoudWorker(
        options.address,
        workflows=workflows,
        activities=activities,
        task_queues=[options.queue],
        worker_id=options.id,
        lease_duration_secs=options.lease,
        max_concurrent_workflows=options.slots,
        max_concurrent_activities=options.slots,
    )
    asyncio.run(worker.run())
    print("ended", flush=True)
