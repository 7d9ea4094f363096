"""Calls of the schedule service that most tests of it make."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from .contract import schedule_service, workflow_service
from .service import CALL, Service


def instant(text: str) -> Timestamp:
    """A time in UTC, such as `2026-03-29 01:00`."""
    value = Timestamp()
    value.FromDatetime(datetime.fromisoformat(text).replace(tzinfo=timezone.utc))
    return value


def seconds_of(timestamp: Any) -> float:
    return float(timestamp.seconds) + timestamp.nanos / 1e9


class Schedules:
    """The schedules of one service, with starts on one queue."""

    def __init__(self, service: Service, queue: str) -> None:
        self.service = service
        self.stub = service.schedules
        self.queue = queue

    def spec(self, start: Any = None, **fields: Any) -> Any:
        start = start or workflow_service.StartWorkflowRequest(workflow_type="scheduled", task_queue=self.queue)
        return schedule_service.ScheduleSpec(start=start, **fields)

    def create(self, schedule_id: str, **fields: Any) -> Any:
        request = schedule_service.CreateScheduleRequest(schedule_id=schedule_id, spec=self.spec(**fields))
        return self.stub.CreateSchedule(request, timeout=CALL).schedule

    def update(self, schedule_id: str, **fields: Any) -> Any:
        request = schedule_service.UpdateScheduleRequest(schedule_id=schedule_id, spec=self.spec(**fields))
        return self.stub.UpdateSchedule(request, timeout=CALL).schedule

    def get(self, schedule_id: str) -> Any:
        request = schedule_service.GetScheduleRequest(schedule_id=schedule_id)
        return self.stub.GetSchedule(request, timeout=CALL).schedule

    def pause(self, schedule_id: str, note: str = "") -> None:
        self.stub.PauseSchedule(
            schedule_service.PauseScheduleRequest(schedule_id=schedule_id, note=note), timeout=CALL
        )

    def resume(self, schedule_id: str, note: str = "") -> None:
        self.stub.ResumeSchedule(
            schedule_service.ResumeScheduleRequest(schedule_id=schedule_id, note=note), timeout=CALL
        )

    def delete(self, schedule_id: str) -> None:
        self.stub.DeleteSchedule(schedule_service.DeleteScheduleRequest(schedule_id=schedule_id), timeout=CALL)

    def trigger(self, schedule_id: str) -> str:
        """The run that it started; empty when the firing waits."""
        request = schedule_service.TriggerScheduleRequest(schedule_id=schedule_id)
        return str(self.stub.TriggerSchedule(request, timeout=CALL).run_id)

    def backfill(self, schedule_id: str, start: str, end: str) -> int:
        request = schedule_service.BackfillScheduleRequest(schedule_id=schedule_id, until=instant(end))
        getattr(request, "from").CopyFrom(instant(start))
        return int(self.stub.BackfillSchedule(request, timeout=60).fired)

    def firings(self, schedule_id: str, page_size: int = 1_000) -> list[Any]:
        """All of them, oldest first."""
        firings, token = [], ""
        while True:
            request = schedule_service.ListScheduleFiringsRequest(
                schedule_id=schedule_id, page_size=page_size, page_token=token
            )
            response = self.stub.ListScheduleFirings(request, timeout=CALL)
            firings.extend(response.firings)
            token = response.next_page_token
            if not token:
                return firings[::-1]

    def wait(self, schedule_id: str, condition: Callable[[list[Any]], bool], seconds: float = 20) -> list[Any]:
        """The firings once they fulfil a condition: there is no call that waits for them."""
        deadline = time.monotonic() + seconds
        while True:
            firings = self.firings(schedule_id)
            if condition(firings):
                return firings
            assert time.monotonic() < deadline, f"not within {seconds} s: {firings}"
            time.sleep(0.02)

    def run_ids(self, prefix: str) -> list[str]:
        """Runs whose workflow id begins so, oldest first."""
        found, token = [], ""
        while True:
            request = workflow_service.ListRunsRequest(page_size=1_000, page_token=token)
            request.filter.workflow_id_prefix = prefix
            response = self.service.workflows.ListRuns(request, timeout=CALL)
            found.extend(run.run_id for run in response.runs)
            token = response.next_page_token
            if not token:
                return found[::-1]
