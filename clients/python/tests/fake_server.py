"""A coordinator in the test's own process: gRPC for real, everything behind it in dictionaries.

It knows just enough to serve a worker and a client over sockets, and it can be told to misbehave.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage

from kagzi._messages import (
    Duration,
    admin,
    details,
    registry,
    schedule_service,
    worker,
    worker_service,
    workflow_service,
)


def status_details(code: int, message: str, detail: Any) -> bytes:
    """A serialized google.rpc.Status with one detail."""
    packed = AnyMessage()
    packed.Pack(detail)
    body = packed.SerializeToString()

    def varint(number: int) -> bytes:
        out = bytearray()
        while number > 0x7F:
            out.append(number & 0x7F | 0x80)
            number >>= 7
        out.append(number)
        return bytes(out)

    text = message.encode()
    return b"\x08" + varint(code) + b"\x12" + varint(len(text)) + text + b"\x1a" + varint(len(body)) + body


class Stream:
    """One Work stream, as the test sees it."""

    def __init__(self, in_batches: bool = True) -> None:
        self.in_batches = in_batches
        self.received: asyncio.Queue[worker_service.WorkRequest | None] = asyncio.Queue()
        self.outgoing: asyncio.Queue[worker_service.WorkResponse | None] = asyncio.Queue()
        self.hello: worker.Hello | None = None
        self.batches: list[int] = []
        """How many reports each message held that came."""

    def push(self, *tasks: worker.Task) -> None:
        if self.in_batches:
            self.outgoing.put_nowait(worker_service.WorkResponse(tasks=tasks))
        else:
            for task in tasks:
                self.outgoing.put_nowait(worker_service.WorkResponse(task=task))

    def send(self, **message: Any) -> None:
        self.outgoing.put_nowait(worker_service.WorkResponse(**message))

    def end(self) -> None:
        """Break the stream."""
        self.outgoing.put_nowait(None)

    async def next(self, kind: str, timeout: float = 5.0) -> Any:
        """The next message of a kind; beats between are skipped."""
        while True:
            request = await asyncio.wait_for(self.received.get(), timeout)
            assert request is not None, f"the stream ended before {kind}"
            found = request.WhichOneof("message")
            if found == kind:
                return getattr(request, kind)
            assert found in ("beat", "accepted", "grant"), f"{found} came before {kind}: {request}"

    async def answer(self, report: worker.TaskReport, *decisions: worker.StepDecision) -> None:
        answer = worker.ReportAnswer(report_id=report.report_id, decisions=decisions)
        if self.in_batches:
            self.send(answers=[answer])
        else:
            self.send(answer=answer)


class FakeServer:
    """Serves on a free port of 127.0.0.1."""

    def __init__(self) -> None:
        self.streams: asyncio.Queue[Stream] = asyncio.Queue()
        self.registrations: list[worker_service.RegisterWorkerRequest] = []
        self.deregistrations: list[str] = []
        self.lost_sessions: set[str] = set()
        self.heartbeat_interval = Duration(seconds=10)
        self.max_payload_bytes = 2 * 1024 * 1024
        self.max_reports = 1_000
        """Zero: messages of one report, one task or one answer each."""
        self.hold_fetches: asyncio.Event | None = None
        self.fetching = asyncio.Event()
        self.steps_to_fetch: list[worker.StepRecord] = []
        self.unary: dict[str, Callable[[Any, grpc.aio.ServicerContext], Any]] = {}
        self._sessions = itertools.count(1)
        self._known: set[str] = set()
        self._server: grpc.aio.Server | None = None
        self.address = ""

    async def start(self, address: str = "127.0.0.1:0") -> FakeServer:
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((_Handlers(self),))
        port = server.add_insecure_port(address)
        assert port
        self.address = f"127.0.0.1:{port}"
        await server.start()
        self._server = server
        return self

    async def stop(self) -> None:
        assert self._server is not None
        await self._server.stop(0)

    async def stream(self) -> Stream:
        return await asyncio.wait_for(self.streams.get(), 5)

    async def register(self, request: Any, context: Any) -> Any:
        self.registrations.append(request)
        session = f"session-{next(self._sessions)}"
        return worker_service.RegisterWorkerResponse(
            session_id=session, lease_duration=Duration(seconds=30), heartbeat_interval=self.heartbeat_interval
        )

    async def deregister(self, request: Any, context: Any) -> Any:
        self.deregistrations.append(request.session_id)
        return worker_service.DeregisterWorkerResponse()

    async def fetch_steps(self, request: Any, context: Any) -> Any:
        if self.hold_fetches is not None:
            self.fetching.set()
            await self.hold_fetches.wait()
        index = int(request.more_steps_token)
        more = str(index + 1) if index + 1 < len(self.steps_to_fetch) else ""
        return worker_service.FetchStepsResponse(steps=[self.steps_to_fetch[index]], more_steps_token=more)

    async def work(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        stream = Stream(in_batches=self.max_reports > 0)
        hello = (await requests.__anext__()).hello
        stream.hello = hello
        if hello.session_id in self.lost_sessions:
            await refuse(
                context, grpc.StatusCode.FAILED_PRECONDITION, "the session is lost", details.SessionLost(reason="lapsed")
            )
        yield worker_service.WorkResponse(
            welcome=worker.Welcome(
                session_id=hello.session_id,
                lease_duration=Duration(seconds=30),
                heartbeat_interval=self.heartbeat_interval,
                limits=worker.WorkerLimits(
                    max_payload_bytes=self.max_payload_bytes, max_report_items=1_000, max_reports=self.max_reports
                ),
                resumed=hello.session_id in self._known,
            )
        )
        self._known.add(hello.session_id)
        self.streams.put_nowait(stream)

        async def receive() -> None:
            async for request in requests:
                assert len(request.reports) <= self.max_reports
                stream.batches.append(len(request.reports))
                for report in request.reports:
                    stream.received.put_nowait(worker_service.WorkRequest(report=report))
                if not request.reports:
                    stream.received.put_nowait(request)
                if request.HasField("goodbye"):
                    stream.outgoing.put_nowait(None)
                if request.HasField("beat"):
                    stream.send(beat=worker.BeatAnswer())
            stream.received.put_nowait(None)

        receiver = asyncio.ensure_future(receive())
        try:
            while (response := await stream.outgoing.get()) is not None:
                yield response
        finally:
            receiver.cancel()


async def refuse(context: Any, code: grpc.StatusCode, message: str, detail: Any) -> None:
    metadata = (("grpc-status-details-bin", status_details(code.value[0], message, detail)),)
    await context.abort(code, message, metadata)


class _Handlers(grpc.GenericRpcHandler):
    def __init__(self, server: FakeServer) -> None:
        self._server = server

    def service(self, details: Any) -> Any:
        service, _, name = details.method.removeprefix("/kagzi.v1.").partition("/")
        module = {
            "WorkerService": worker_service,
            "AdminService": admin,
            "RegistryService": registry,
            "ScheduleService": schedule_service,
        }.get(service, workflow_service)
        request = getattr(module, f"{name}Request")
        options = {"request_deserializer": request.FromString, "response_serializer": lambda message: message.SerializeToString()}
        if name == "Work":
            return grpc.stream_stream_rpc_method_handler(self._server.work, **options)
        known = {
            "RegisterWorker": self._server.register,
            "DeregisterWorker": self._server.deregister,
            "FetchSteps": self._server.fetch_steps,
            **self._server.unary,
        }
        if name not in known:
            return None
        if name in ("WatchRun", "MoveRuns", "BatchRuns"):
            return grpc.unary_stream_rpc_method_handler(known[name], **options)
        return grpc.unary_unary_rpc_method_handler(known[name], **options)
