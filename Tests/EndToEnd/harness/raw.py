"""A worker without an SDK: the messages of the Work stream, sent and awaited one by one."""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import status_pb2

from .contract import common, details, worker, worker_service
from .processes import PATIENCE
from .service import CALL, Service


def duration(seconds: float) -> Duration:
    value = Duration()
    value.FromMilliseconds(int(seconds * 1_000))
    return value


def payload(data: bytes = b"null") -> Any:
    return common.Payload(data=data, encoding="json")


def detail_of(error: grpc.RpcError) -> Any:
    """The typed detail of a failed call."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            packed = status_pb2.Status.FromString(value)
            assert packed.code == error.code().value[0]
            assert len(packed.details) == 1
            name = packed.details[0].type_url.rsplit(".", 1)[-1]
            return getattr(details, name).FromString(packed.details[0].value)
    return None


class Ended(Exception):
    """The stream ended."""

    def __init__(self, error: grpc.RpcError | None) -> None:
        super().__init__(str(error))
        self.error = error


class RawWorker:
    def __init__(
        self, service: Service, task_queue: str, workflows: Iterable[str] = (), activities: Iterable[str] = (),
        lease: float = 30, worker_id: str = "",
    ) -> None:  # fmt: skip
        self.service = service
        self.worker_id = worker_id or f"raw-{uuid.uuid4()}"
        request = worker_service.RegisterWorkerRequest(
            namespace=service.namespace, worker_id=self.worker_id, task_queues=[task_queue], sdk_name="raw", lease_duration=duration(lease)
        )
        for entry in workflows:
            name, _, version = entry.partition(":")
            request.workflows.add(type=name, version=int(version or 1))
        for entry in activities:
            name, _, version = entry.partition(":")
            request.activities.add(type=name, version=int(version or 1))
        self.registered = service.workers.RegisterWorker(request, timeout=CALL)
        self.session_id = self.registered.session_id
        self.welcome: Any = None
        self._outgoing: queue.Queue[Any] = queue.Queue()
        self._incoming: queue.Queue[Any] = queue.Queue()
        self._kept: list[Any] = []
        self._call: Any = None
        self._report_id = 0
        self._beating: threading.Event | None = None

    # The stream

    def open(self, held: Iterable[bytes] = (), service: Service | None = None, takes_batches: bool = False) -> Any:
        """Opens the stream, on another coordinator if one is named; the welcome."""
        if service:
            self.service = service
        self._outgoing, self._incoming, self._kept = queue.Queue(), queue.Queue(), []
        outgoing, incoming = self._outgoing, self._incoming
        hello = worker.Hello(
            worker_id=self.worker_id, session_id=self.session_id, held_tokens=list(held), takes_batches=takes_batches
        )

        def requests() -> Iterator[Any]:
            while (request := outgoing.get()) is not None:
                yield request

        def read(call: Any) -> None:
            try:
                for response in call:
                    incoming.put(response)
                incoming.put(Ended(None))
            except grpc.RpcError as error:
                incoming.put(Ended(error))

        self.send(hello=hello)
        self._call = self.service.workers.Work(requests())
        threading.Thread(target=read, args=(self._call,), daemon=True).start()
        self.welcome = self.next("welcome")
        return self.welcome

    def move(self, service: Service, held: Iterable[bytes] = ()) -> None:
        """Goes on at another coordinator when the stream has ended, with what it holds and with all that came until then."""
        with suppress(Ended):
            self.next("nothing")
        kept = self._kept
        self.drop()
        tokens = [response.task.token for response in kept if response.WhichOneof("message") == "task"]
        self.open(held=[*held, *tokens], service=service)
        self._kept = kept + self._kept

    @property
    def stream(self) -> Any:
        """The call of the stream."""
        return self._call

    def send(self, **message: Any) -> None:
        self._outgoing.put(worker_service.WorkRequest(**message))

    def next(self, kind: str, timeout: float = PATIENCE) -> Any:
        """The next message of a kind; those of other kinds are kept."""
        return self.next_of((kind,), timeout)

    def next_of(self, kinds: Iterable[str], timeout: float = PATIENCE) -> Any:
        """The next message of any of these kinds."""
        kinds = tuple(kinds)
        for index, response in enumerate(self._kept):
            if (kind := response.WhichOneof("message")) in kinds:
                return getattr(self._kept.pop(index), kind)
        deadline = time.monotonic() + timeout
        while True:
            try:
                response = self._incoming.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                came = [kept.WhichOneof("message") for kept in self._kept]
                raise TimeoutError(f"no {' or '.join(kinds)} came within {timeout} s; kept: {came}") from None
            if isinstance(response, Ended):
                self._incoming.put(response)
                raise response
            if (kind := response.WhichOneof("message")) in kinds:
                return getattr(response, kind)
            self._kept.append(response)

    def kept(self, kind: str) -> list[Any]:
        """Messages of a kind that came and that nobody took."""
        return [getattr(kept, kind) for kept in self._kept if kept.WhichOneof("message") == kind]

    def forget(self, *kinds: str) -> None:
        """Drops kept messages of these kinds."""
        self._kept = [kept for kept in self._kept if kept.WhichOneof("message") not in kinds]

    def expect_nothing(self, kind: str, seconds: float) -> None:
        try:
            message = self.next(kind, seconds)
        except TimeoutError:
            return
        raise AssertionError(f"unexpected {kind}: {message}")

    def drop(self) -> None:
        """Breaks the stream, as a lost connection does."""
        self.stop_beating()
        if self._call is not None:
            self._call.cancel()
            self._call = None
        self._outgoing.put(None)

    def close(self) -> None:
        """Leaves in good order."""
        self.stop_beating()
        if self._call is None:
            return
        self.send(goodbye=worker.Goodbye(reason="the test is over"))
        try:
            while True:
                self.next("welcome", 5)
        except (Ended, TimeoutError):
            self.drop()

    def batch(self, timeout: float = PATIENCE) -> Any:
        """The next message that has several tasks and answers; those of other kinds are kept."""
        while True:
            response = self._incoming.get(timeout=timeout)
            if isinstance(response, Ended):
                raise response
            if response.tasks or response.answers:
                assert response.WhichOneof("message") is None
                return response
            self._kept.append(response)

    # Working

    def grant(self, workflows: int = 0, activities: int = 0) -> None:
        self.send(grant=worker.SlotGrant(workflow_slots=workflows, activity_slots=activities))

    def settle_stream(self) -> None:
        """Returns when all that was sent so far has been handled."""
        self.send(beat=worker.Beat())
        self.next("beat")

    def task(self, timeout: float = PATIENCE, accept: bool = True) -> Any:
        task = self.next("task", timeout)
        if accept:
            self.send(accepted=worker.TaskAccepted(tokens=[task.token]))
        return task

    def beat(self, token: bytes | None = None, details: bytes | None = None) -> None:
        beat = worker.Beat()
        if token is not None:
            progress = beat.progress.add(token=token)
            if details is not None:
                progress.details.CopyFrom(payload(details))
        self.send(beat=beat)

    def keep_beating(self, interval: float) -> None:
        stop = self._beating = threading.Event()

        def run() -> None:
            while not stop.wait(interval):
                self.send(beat=worker.Beat())

        threading.Thread(target=run, daemon=True).start()

    def stop_beating(self) -> None:
        if self._beating:
            self._beating.set()

    def report(self, token: bytes, **fields: Any) -> Any:
        """Sends a report and returns its answer."""
        report = self.request(token, **fields)
        self.send(report=report)
        return self.answer(report.report_id)

    def request(self, token: bytes, **fields: Any) -> Any:
        self._report_id += 1
        return worker.TaskReport(report_id=self._report_id, token=token, **fields)

    def answer(self, report_id: int) -> Any:
        answer = self.next("answer")
        assert answer.report_id == report_id, f"answer {answer.report_id} instead of {report_id}"
        return answer

    # Reports that most tests make

    def complete(self, token: bytes, data: bytes = b"null", **fields: Any) -> Any:
        workflow = worker.WorkflowReport(complete=worker.Complete(output=payload(data)), **fields)
        return self.report(token, workflow=workflow)

    def fail(self, token: bytes, kind: int, message: str = "it failed", **fields: Any) -> Any:
        failure = common.Failure(kind=kind, message=message, **fields)
        return self.report(token, workflow=worker.WorkflowReport(fail=worker.Fail(failure=failure)))

    def continue_as_new(self, token: bytes, data: bytes = b"null", version: int | None = None, **fields: Any) -> Any:
        go_on = worker.ContinueAsNew(input=payload(data), workflow_version=version)
        return self.report(token, workflow=worker.WorkflowReport(continue_as_new=go_on, **fields))

    def suspend(self, token: bytes, *commands: Any, sticky: bool = False, results: Iterable[Any] = ()) -> Any:
        workflow = worker.WorkflowReport(
            suspend=worker.Suspend(sticky=sticky), commands=list(commands), results=list(results)
        )
        return self.report(token, workflow=workflow)

    def go_on(self, token: bytes, *results: Any, commands: Iterable[Any] = ()) -> Any:
        workflow = worker.WorkflowReport(results=list(results), commands=list(commands))
        getattr(workflow, "continue").SetInParent()
        return self.report(token, workflow=workflow)

    def output(self, token: bytes, data: bytes = b"null") -> Any:
        return self.report(token, activity=worker.ActivityReport(output=payload(data)))

    def failure(self, token: bytes, kind: int, message: str = "it failed", **fields: Any) -> Any:
        failure = common.Failure(kind=kind, message=message, **fields)
        return self.report(token, activity=worker.ActivityReport(failure=failure))


def local_result(key: str, data: bytes = b"null", attempt: int = 1, group: str = "") -> Any:
    return worker.StepResult(key=key, attempt=attempt, output=payload(data), group=group)


def local_failure(key: str, kind: int, attempt: int = 1, policy: Any = None, group: str = "") -> Any:
    return worker.StepResult(
        key=key, attempt=attempt, failure=common.Failure(kind=kind, message="it failed"), retry_policy=policy, group=group
    )


def timer(key: str, seconds: float) -> Any:
    return worker.Command(start_timer=worker.StartTimer(key=key, delay=duration(seconds)))


def schedule(key: str, activity_type: str, **fields: Any) -> Any:
    return worker.Command(schedule_activity=worker.ScheduleActivity(key=key, activity_type=activity_type, **fields))


def child(key: str, workflow_type: str, **fields: Any) -> Any:
    return worker.Command(start_child=worker.StartChild(key=key, workflow_type=workflow_type, **fields))


def await_signal(key: str, signal_name: str, timeout: float | None = None) -> Any:
    wait = worker.AwaitSignal(key=key, signal_name=signal_name)
    if timeout is not None:
        wait.timeout.CopyFrom(duration(timeout))
    return worker.Command(await_signal=wait)


def open_group(key: str, strategy: int, members: int = 0, **fields: Any) -> Any:
    return worker.Command(open_group=worker.OpenGroup(key=key, strategy=strategy, member_count=members, **fields))


def cancel_step(key: str) -> Any:
    return worker.Command(cancel_step=worker.CancelStep(key=key))


def policy(attempts: int, seconds: float = 0.01, predicate: int = 2) -> Any:
    return common.RetryPolicy(
        max_attempts=attempts, initial_interval=duration(seconds), max_interval=duration(max(seconds, 60)),
        multiplier=1, jitter=0, predicate=predicate,
    )  # fmt: skip
