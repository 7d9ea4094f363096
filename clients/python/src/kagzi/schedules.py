"""Schedules: runs started by the calendar."""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from . import _payloads
from ._caller import PAGE_SIZE, Caller
from ._messages import common
from ._messages import schedule_service as messages
from ._times import Seconds, datetime_of, seconds_of, to_duration, to_timestamp
from .definitions import Workflow


class OverlapPolicy(enum.IntEnum):
    """What to do when an occurrence comes while the run of the last one is open."""

    SKIP = 1
    BUFFER_ONE = 2
    BUFFER_ALL = 3
    CANCEL_OTHER = 4
    ALLOW = 5


class FiringCause(enum.IntEnum):
    """What made a firing."""

    CALENDAR = 1
    TRIGGER = 2
    BACKFILL = 3


@dataclass(frozen=True)
class Schedule:
    """A schedule."""

    schedule_id: str
    namespace: str
    cron: str
    interval: timedelta | None
    time_zone: str
    jitter: timedelta | None
    overlap: OverlapPolicy
    catch_up_window: timedelta | None
    """None: 1 min."""
    catch_up_limit: int
    """0: 100."""
    workflow_name: str
    workflow_id: str
    task_queue: str
    paused: bool
    note: str
    next_at: datetime | None
    last_at: datetime | None
    created_at: datetime | None
    buffered: int
    """Occurrences that wait for the open run to end."""
    _input: common.Payload | None = field(repr=False, compare=False)

    def input(self, hint: Any = Any) -> Any:
        """What its runs are started with, as a type if one is given."""
        return None if self._input is None else _payloads.decode(self._input, hint)

    @staticmethod
    def of(message: messages.Schedule) -> Schedule:
        """From the contract's message."""
        spec = message.spec

        def time(name: str) -> datetime | None:
            return datetime_of(getattr(message, name)) if message.HasField(name) else None

        return Schedule(
            schedule_id=message.schedule_id,
            namespace=message.namespace,
            cron=spec.cron,
            interval=timedelta(seconds=seconds_of(spec.interval)) if spec.HasField("interval") else None,
            time_zone=spec.time_zone or "UTC",
            jitter=timedelta(seconds=seconds_of(spec.jitter)) if spec.HasField("jitter") else None,
            overlap=OverlapPolicy(spec.overlap_policy or OverlapPolicy.SKIP),
            catch_up_window=timedelta(seconds=seconds_of(spec.catch_up_window)) if spec.HasField("catch_up_window") else None,
            catch_up_limit=spec.catch_up_limit,
            workflow_name=spec.start.workflow_type,
            workflow_id=spec.start.workflow_id,
            task_queue=spec.start.task_queue or "default",
            paused=message.paused,
            note=message.note,
            next_at=time("next_at"),
            last_at=time("last_at"),
            created_at=time("created_at"),
            buffered=message.buffered,
            _input=spec.start.input if spec.start.HasField("input") else None,
        )


@dataclass(frozen=True)
class ScheduleFiring:
    """One occurrence: the run it started, or why it was skipped."""

    scheduled_at: datetime | None
    decided_at: datetime | None
    run_id: str
    skip_reason: str
    cause: FiringCause


class Schedules(Caller):
    """`client.schedules`."""

    service = "ScheduleService"

    async def create(
        self, schedule_id: str, workflow: Workflow[Any, Any] | str, input: Any = None, *, cron: str | None = None,
        interval: Seconds | None = None, time_zone: str = "", jitter: Seconds | None = None,
        overlap: OverlapPolicy | None = None, catch_up_window: Seconds | None = None, catch_up_limit: int = 0,
        **start: Any,
    ) -> Schedule:  # fmt: skip
        """Start a workflow by the calendar: `create("nightly", report, cron="0 3 * * *", time_zone="Europe/Berlin")`.

        Give `cron` (5 fields, or 6 with seconds first) or `interval`. `jitter` delays each firing at random by up to that.
        Occurrences missed while no coordinator ran are made up for if they are not older than `catch_up_window` (1 min by
        default), at most `catch_up_limit` (100) of them. Other options are those of `Client.start`; `id` is the prefix of
        workflow ids.
        """
        spec = self._spec(workflow, input, cron, interval, time_zone, jitter, overlap, catch_up_window, catch_up_limit, start)
        request = messages.CreateScheduleRequest(namespace=self.namespace, schedule_id=schedule_id, spec=spec)
        response = await self._call("CreateSchedule", request, messages.CreateScheduleResponse, is_idempotent=False)
        return Schedule.of(response.schedule)

    async def update(
        self, schedule_id: str, workflow: Workflow[Any, Any] | str, input: Any = None, *, cron: str | None = None,
        interval: Seconds | None = None, time_zone: str = "", jitter: Seconds | None = None,
        overlap: OverlapPolicy | None = None, catch_up_window: Seconds | None = None, catch_up_limit: int = 0,
        **start: Any,
    ) -> Schedule:  # fmt: skip
        """Replace a schedule's definition as a whole."""
        spec = self._spec(workflow, input, cron, interval, time_zone, jitter, overlap, catch_up_window, catch_up_limit, start)
        request = messages.UpdateScheduleRequest(namespace=self.namespace, schedule_id=schedule_id, spec=spec)
        return Schedule.of((await self._call("UpdateSchedule", request, messages.UpdateScheduleResponse)).schedule)

    async def get(self, schedule_id: str) -> Schedule:
        """One schedule."""
        request = messages.GetScheduleRequest(namespace=self.namespace, schedule_id=schedule_id)
        return Schedule.of((await self._call("GetSchedule", request, messages.GetScheduleResponse)).schedule)

    async def list(self) -> list[Schedule]:
        """All schedules, by id."""
        request = messages.ListSchedulesRequest(namespace=self.namespace, page_size=PAGE_SIZE)
        pages = self._pages("ListSchedules", request, messages.ListSchedulesResponse)
        return [Schedule.of(each) async for page in pages for each in page.schedules]

    async def delete(self, schedule_id: str) -> None:
        """Delete a schedule; runs it started go on."""
        request = messages.DeleteScheduleRequest(namespace=self.namespace, schedule_id=schedule_id)
        await self._call("DeleteSchedule", request, messages.DeleteScheduleResponse)

    async def pause(self, schedule_id: str, note: str = "") -> None:
        """Stop it from firing."""
        request = messages.PauseScheduleRequest(namespace=self.namespace, schedule_id=schedule_id, note=note)
        await self._call("PauseSchedule", request, messages.PauseScheduleResponse)

    async def resume(self, schedule_id: str, note: str = "") -> None:
        """Let it fire again; what fell due while it was paused is not made up for."""
        request = messages.ResumeScheduleRequest(namespace=self.namespace, schedule_id=schedule_id, note=note)
        await self._call("ResumeSchedule", request, messages.ResumeScheduleResponse)

    async def trigger(self, schedule_id: str) -> str:
        """Fire it now; gives the run's id, empty if its overlap policy kept it back."""
        request = messages.TriggerScheduleRequest(namespace=self.namespace, schedule_id=schedule_id)
        response = await self._call("TriggerSchedule", request, messages.TriggerScheduleResponse, is_idempotent=False)
        return response.run_id

    async def backfill(self, schedule_id: str, since: datetime, until: datetime) -> int:
        """Fire the occurrences of a past span; gives how many."""
        request = messages.BackfillScheduleRequest(
            namespace=self.namespace, schedule_id=schedule_id, until=to_timestamp(until), **{"from": to_timestamp(since)}
        )
        return (await self._call("BackfillSchedule", request, messages.BackfillScheduleResponse)).fired

    async def firings(self, schedule_id: str) -> AsyncIterator[ScheduleFiring]:
        """What fired and what was skipped, newest first, page by page as wanted."""
        request = messages.ListScheduleFiringsRequest(namespace=self.namespace, schedule_id=schedule_id, page_size=100)
        async for page in self._pages("ListScheduleFirings", request, messages.ListScheduleFiringsResponse):
            for each in page.firings:
                yield ScheduleFiring(
                    datetime_of(each.scheduled_at) if each.HasField("scheduled_at") else None,
                    datetime_of(each.decided_at) if each.HasField("decided_at") else None,
                    each.run_id,
                    each.skip_reason,
                    FiringCause(each.cause or FiringCause.CALENDAR),
                )

    def _spec(
        self, workflow: Workflow[Any, Any] | str, input: Any, cron: str | None, interval: Seconds | None, time_zone: str,
        jitter: Seconds | None, overlap: OverlapPolicy | None, catch_up_window: Seconds | None, catch_up_limit: int,
        start: dict[str, Any],
    ) -> messages.ScheduleSpec:  # fmt: skip
        if (cron is None) == (interval is None):
            raise ValueError("a schedule has either a cron expression or an interval")
        spec = messages.ScheduleSpec(
            time_zone=time_zone,
            overlap_policy=int(overlap or 0),  # type: ignore[arg-type]
            catch_up_limit=catch_up_limit,
            start=self._client._start_request(workflow, input, request_id="", **start),
        )
        if cron is not None:
            spec.cron = cron
        if interval is not None:
            spec.interval.CopyFrom(to_duration(interval))
        if jitter is not None:
            spec.jitter.CopyFrom(to_duration(jitter))
        if catch_up_window is not None:
            spec.catch_up_window.CopyFrom(to_duration(catch_up_window))
        return spec
