"""A worker's session: one stream to a coordinator, kept over lost connections.

Reports are kept until they are answered and sent again on the next connection; they are idempotent. Slots are granted
anew after every welcome. The session says which task tokens are still held, so that running work goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import grpc
import grpc.aio

from . import _rpc, errors
from ._messages import worker, worker_service
from ._times import seconds_of

logger = logging.getLogger("kagzi.worker")

ACCEPT_DELAY = 0.005
"""Tasks that are not reported within so many seconds are accepted, together, by one message."""

BATCH_BYTES = 65_536
"""Reports that wait to be sent go out in one message, up to about this size."""

TASKS_A_TURN = 32
"""Of tasks that come together so many begin in one turn of the event loop: beats must not wait until all have run."""

FIRST_BACKOFF = 0.1
LONGEST_BACKOFF = 5.0
LASTING_CONNECTION = 2.0
"""A connection that ends after so many seconds does not count as one more failure in a row."""
WELCOME_TIMEOUT = 15.0
RESEND_DELAY = 1.0
FETCH_TRIES = 5
FETCH_PATIENCE = 10.0

FINAL_CODES = (
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "FAILED_PRECONDITION",
    "UNIMPLEMENTED",
)
"""A registration that is refused with one of these would be refused again."""

OnAnswer = Callable[[worker.ReportAnswer], None]


class SessionHost(Protocol):
    """What a session needs from its worker."""

    @property
    def is_draining(self) -> bool:
        """Whether it takes no new tasks any more; beats say so."""
        ...

    def welcomed(self, welcome: worker.Welcome) -> None:
        """A stream is open; limits may have changed."""
        ...

    def task_arrived(self, task: worker.Task) -> None:
        """A task to do."""
        ...

    def task_cancelled(self, token: bytes, reason: str) -> None:
        """Cancel a task."""
        ...

    def groups_resolved(self, resolved: worker.GroupsResolved) -> None:
        """Groups of a run whose task is at work were resolved elsewhere."""
        ...

    def task_lost(self, token: bytes, reason: str) -> None:
        """A task is no longer ours."""
        ...

    def session_lost(self, reason: str) -> None:
        """No task is ours any more; a new session follows."""
        ...

    def drain_requested(self, timeout: float | None, reason: str) -> None:
        """Take no new tasks, finish, leave."""
        ...

    def held_tokens(self) -> list[bytes]:
        """The tasks at work."""
        ...

    def free_slots(self) -> tuple[int, int]:
        """How many workflow and activity tasks may be pushed."""
        ...

    def fill_beat(self, beat: worker.Beat) -> None:
        """Say how many tasks are at work, and what activities have reached."""
        ...


class Session:
    """The connection between a worker and any of its coordinators."""

    def __init__(self, addresses: _rpc.Addresses, registration: worker_service.RegisterWorkerRequest, host: SessionHost) -> None:
        self.session_id = ""
        self.is_connected = asyncio.Event()
        self._addresses = addresses
        self._registration = registration
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._channel: grpc.aio.Channel | None = None
        self._call: Any = None
        self._interval = 10.0
        self._longest_backoff = LONGEST_BACKOFF
        self._last_received = 0.0
        self._outbox: deque[worker_service.WorkRequest] = deque()
        self._outbox_filled: asyncio.Future[None] | None = None
        self._max_reports = 0
        self._last_report_id = 0
        self._unanswered: dict[int, tuple[worker_service.WorkRequest, OnAnswer | None]] = {}
        self._all_answered: asyncio.Future[None] | None = None
        self._unaccepted: dict[bytes, None] = {}
        self._accept_timer: asyncio.TimerHandle | None = None
        self._is_leaving = False
        self._is_moving = False
        self._broken = ""

    # What the worker calls

    async def run(self) -> None:
        """Keep the session until `leave`. Ends with an error only for what trying again cannot help."""
        backoff = FIRST_BACKOFF
        while not self._is_leaving:
            begun = self._loop.time()
            try:
                await self._connect()
                if self._is_moving:
                    logger.info("the coordinator at %s is stopping: connecting again", self._addresses.current)
            except errors.SessionLost as error:
                self._lose_session(str(error))
            except (errors.Unavailable, errors.DeadlineExceeded, errors.QueueFull, asyncio.TimeoutError) as error:
                logger.warning("no connection to the coordinator at %s: %s", self._addresses.current, error)
            except errors.RpcError as error:
                if error.code in FINAL_CODES and not self.session_id:
                    raise
                logger.warning("the stream to %s ended: %s", self._addresses.current, error)
            if self._is_leaving:
                return
            if self._loop.time() - begun > LASTING_CONNECTION:
                backoff = FIRST_BACKOFF
            self._addresses.rotate()
            await asyncio.sleep(backoff * random.uniform(0.5, 1.0))
            backoff = min(backoff * 2, self._longest_backoff)

    def report(self, request: worker_service.WorkRequest, on_answer: OnAnswer | None) -> None:
        """Send a report, again if need be until it is answered."""
        self._last_report_id += 1
        request.report.report_id = self._last_report_id
        self._unaccepted.pop(request.report.token, None)
        self._unanswered[self._last_report_id] = (request, on_answer)
        self._post(request)

    def grant(self, workflow_slots: int, activity_slots: int) -> None:
        """Let more tasks come."""
        request = worker_service.WorkRequest()
        request.grant.workflow_slots = workflow_slots
        request.grant.activity_slots = activity_slots
        self._post(request)

    def beat(self) -> None:
        """Send a beat now."""
        request = worker_service.WorkRequest()
        self._host.fill_beat(request.beat)
        request.beat.SetInParent()
        self._post(request)

    async def fetch_steps(self, token: bytes, more: str) -> list[worker.StepRecord]:
        """The recorded steps that did not fit in a task. Lost connections are waited out for a while."""
        steps: list[worker.StepRecord] = []
        tries = 0
        while more:
            try:
                response = await self._fetch_page(token, more)
            except errors.Unavailable:
                tries += 1
                if tries == FETCH_TRIES:
                    raise
                connected = asyncio.ensure_future(self.is_connected.wait())
                await asyncio.wait({connected}, timeout=FETCH_PATIENCE)
                connected.cancel()
                continue
            steps.extend(response.steps)
            more = response.more_steps_token
        return steps

    async def _fetch_page(self, token: bytes, more: str) -> worker_service.FetchStepsResponse:
        channel = self._channel
        if channel is None:
            raise errors.Unavailable("not connected")
        method = _rpc.unary(channel, "WorkerService/FetchSteps", worker_service.FetchStepsResponse)
        request = worker_service.FetchStepsRequest(token=token, more_steps_token=more)
        try:
            response: worker_service.FetchStepsResponse = await method(request, timeout=30)
            return response
        except grpc.aio.AioRpcError as error:
            raise _rpc.error_of(error) from None
        except grpc.aio.UsageError as error:
            raise errors.Unavailable(str(error)) from None
        except asyncio.CancelledError:
            if self._channel is channel:
                raise
            raise errors.Unavailable("the connection was closed") from None

    async def wait_answered(self, timeout: float) -> bool:
        """Wait until every report is answered; False if that took longer."""
        if not self._unanswered:
            return True
        self._all_answered = self._loop.create_future()
        await asyncio.wait({self._all_answered}, timeout=timeout)
        return not self._unanswered

    async def leave(self, reason: str, timeout: float = 3.0) -> None:
        """Say goodbye and end `run`."""
        self._is_leaving = True
        if self._call is None:
            await self._deregister(reason, timeout)
            return
        request = worker_service.WorkRequest()
        request.goodbye.reason = reason
        self._post(request)
        call = self._call
        waiting = asyncio.ensure_future(call.code())
        await asyncio.wait({waiting}, timeout=timeout)
        if not waiting.done():
            waiting.cancel()
            self._break(call, "the coordinator did not end the stream")

    # Connecting

    def _break(self, call: Any, why: str) -> None:
        self._broken = why
        call.cancel()

    async def _connect(self) -> None:
        self._is_moving = False
        self._broken = ""
        channel = self._channel = self._addresses.channel()
        try:
            if not self.session_id:
                await self._register(channel)
            await self._serve(channel)
        except grpc.aio.AioRpcError as error:
            raise _rpc.error_of(error) from None
        except (asyncio.InvalidStateError, grpc.aio.UsageError) as error:
            raise errors.Unavailable(f"the stream broke: {error}") from None
        except asyncio.CancelledError:
            if not self._broken:
                raise
            raise errors.Unavailable(self._broken) from None
        finally:
            self._channel = None
            await channel.close()

    async def _register(self, channel: grpc.aio.Channel) -> None:
        method = _rpc.unary(channel, "WorkerService/RegisterWorker", worker_service.RegisterWorkerResponse)
        response = await method(self._registration, timeout=WELCOME_TIMEOUT)
        self.session_id = response.session_id
        self._interval = seconds_of(response.heartbeat_interval) or self._interval

    async def _deregister(self, reason: str, timeout: float) -> None:
        if not self.session_id:
            return
        channel = self._addresses.channel()
        request = worker_service.DeregisterWorkerRequest(session_id=self.session_id, reason=reason)
        method = _rpc.unary(channel, "WorkerService/DeregisterWorker", worker_service.DeregisterWorkerResponse)
        with contextlib.suppress(grpc.aio.AioRpcError):
            await method(request, timeout=timeout)
        await channel.close()

    async def _serve(self, channel: grpc.aio.Channel) -> None:
        call = _rpc.both_streams(channel, "WorkerService/Work", worker_service.WorkResponse)()
        helpers: list[asyncio.Task[None]] = []
        try:
            await call.write(self._hello().SerializeToString())
            first = await asyncio.wait_for(call.read(), WELCOME_TIMEOUT)
            if first is grpc.aio.EOF or not first.HasField("welcome"):
                raise errors.Unavailable("the coordinator did not welcome the session")
            self._welcomed(call, first.welcome)
            helpers = [self._loop.create_task(self._write(call)), self._loop.create_task(self._beats(call))]
            read, received = call.read, self._received
            while (response := await read()) is not grpc.aio.EOF:
                received(response)
                if response.tasks:
                    await self._tasks_arrived(response.tasks)
                if self._is_moving:
                    break
        finally:
            self._call = None
            self.is_connected.clear()
            self._outbox.clear()
            self._unaccepted.clear()
            for helper in helpers:
                helper.cancel()
            call.cancel()

    def _hello(self) -> worker_service.WorkRequest:
        request = worker_service.WorkRequest()
        request.hello.worker_id = self._registration.worker_id
        request.hello.session_id = self.session_id
        held = dict.fromkeys(self._host.held_tokens())
        held.update(dict.fromkeys(report.report.token for report, _ in self._unanswered.values()))
        request.hello.held_tokens.extend(held)
        request.hello.takes_batches = True
        return request

    def _welcomed(self, call: Any, welcome: worker.Welcome) -> None:
        self._interval = seconds_of(welcome.heartbeat_interval) or self._interval
        lease = seconds_of(welcome.lease_duration)
        if lease:  # several tries within the lease
            self._longest_backoff = max(0.2, min(LONGEST_BACKOFF, lease / 8))
        self._last_received = self._loop.time()
        self._call = call
        self._max_reports = welcome.limits.max_reports
        self._host.welcomed(welcome)
        self._outbox.clear()
        for request, _ in self._unanswered.values():
            request.report.ClearField("grant")  # every free slot is granted anew below
            self._outbox.append(request)
        workflows, activities = self._host.free_slots()
        if workflows or activities:
            self.grant(workflows, activities)
        if self._host.is_draining:
            self.beat()
        self.is_connected.set()

    def _lose_session(self, reason: str) -> None:
        logger.warning("session %s is lost, registering again: %s", self.session_id, reason)
        self.session_id = ""
        self._unanswered.clear()
        self._unaccepted.clear()
        self._settle_answered()
        self._host.session_lost(reason)

    # The stream

    def _received(self, response: worker_service.WorkResponse) -> None:
        self._last_received = self._loop.time()
        kind = response.WhichOneof("message")
        if kind is None:
            for answer in response.answers:
                self._answered(answer)
        elif kind == "task":
            self._arrived(response.task)
        elif kind == "answer":
            self._answered(response.answer)
        elif kind == "cancel":
            self._host.task_cancelled(response.cancel.token, response.cancel.reason)
        elif kind == "groups":
            self._host.groups_resolved(response.groups)
        elif kind == "lost":
            for token in response.lost.tokens:
                self._unaccepted.pop(token, None)
                self._host.task_lost(token, response.lost.reason)
        elif kind == "drain":
            drain = response.drain
            if drain.reconnect:
                self._is_moving = True
            else:
                timeout = seconds_of(drain.timeout) if drain.HasField("timeout") else None
                self._host.drain_requested(timeout, drain.reason)

    async def _tasks_arrived(self, tasks: Sequence[worker.Task]) -> None:
        for number, task in enumerate(tasks, 1):
            own = worker.Task()
            own.CopyFrom(task)  # a part of a message keeps the whole message in memory, and a task may be kept for long
            self._arrived(own)
            if number % TASKS_A_TURN == 0:
                await asyncio.sleep(0)

    def _arrived(self, task: worker.Task) -> None:
        self._unaccepted[task.token] = None
        if self._accept_timer is None:
            self._accept_timer = self._loop.call_later(ACCEPT_DELAY, self._accept)
        self._host.task_arrived(task)

    def _answered(self, answer: worker.ReportAnswer) -> None:
        entry = self._unanswered.get(answer.report_id)
        if entry is None:
            return
        if answer.HasField("rejection") and answer.rejection.reason == worker.REJECTION_REASON_UNAVAILABLE:
            self._loop.call_later(RESEND_DELAY, self._send_again, answer.report_id)
            return
        del self._unanswered[answer.report_id]
        on_answer = entry[1]
        if on_answer is not None:
            on_answer(answer)
        elif answer.HasField("rejection"):
            logger.warning("a report was refused: %s", answer.rejection.message)
        self._settle_answered()

    def _send_again(self, report_id: int) -> None:
        entry = self._unanswered.get(report_id)
        if entry is not None:
            entry[0].report.ClearField("grant")
            self._post(entry[0])

    def _settle_answered(self) -> None:
        if not self._unanswered and self._all_answered is not None and not self._all_answered.done():
            self._all_answered.set_result(None)

    def _accept(self) -> None:
        self._accept_timer = None
        if self._unaccepted:
            request = worker_service.WorkRequest()
            request.accepted.tokens.extend(self._unaccepted)
            self._unaccepted.clear()
            self._post(request)

    def _post(self, request: worker_service.WorkRequest) -> None:
        if self._call is None:
            return  # reports are sent after the next welcome, nothing else needs to be
        self._outbox.append(request)
        if self._outbox_filled is not None and not self._outbox_filled.done():
            self._outbox_filled.set_result(None)

    def _take(self) -> bytes:
        """The next message. A message costs more than all that is done about a report, so reports that wait go together."""
        request = self._outbox.popleft()
        if not self._max_reports or not request.HasField("report"):
            return request.SerializeToString()
        size, reports = 0, []
        while True:  # encodings of one message type that stand one after the other are the encoding of the messages merged
            reports.append(worker_service.WorkRequest(reports=[request.report]).SerializeToString())
            size += len(reports[-1])
            if not self._outbox or size >= BATCH_BYTES or len(reports) == self._max_reports:
                break
            if not self._outbox[0].HasField("report"):
                break
            request = self._outbox.popleft()
        return b"".join(reports)

    async def _write(self, call: Any) -> None:
        outbox = self._outbox
        try:
            while True:
                while outbox:
                    await call.write(self._take())
                self._outbox_filled = self._loop.create_future()
                await self._outbox_filled
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError, grpc.aio.UsageError):
            self._break(call, "the stream broke")

    async def _beats(self, call: Any) -> None:
        while True:
            due = self._loop.time() + self._interval
            await asyncio.sleep(self._interval)
            late = self._loop.time() - due
            if late > max(1.0, self._interval / 2):
                logger.warning(
                    "the event loop was blocked for about %.1f s: what blocks belongs into functions that are not async; "
                    "a worker that cannot send heartbeats loses its tasks",
                    late,
                )
            elif self._loop.time() - self._last_received > 2 * self._interval + 1:
                self._break(call, "the coordinator is silent")
                return
            self.beat()
