"""The stock health client of grpcio."""

from __future__ import annotations

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

Status = health_pb2.HealthCheckResponse
SERVICE = "kagzi.v1.WorkflowService"
TIMEOUT = 20


def test_check(server) -> None:  # type: ignore[no-untyped-def]
    with server.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)

        def check(service: str) -> int:
            return stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT).status

        assert check("") == check(SERVICE) == Status.NOT_SERVING
        server.tell("set - SERVING")
        assert (check(""), check(SERVICE)) == (Status.SERVING, Status.NOT_SERVING)
        with pytest.raises(grpc.RpcError) as unknown:
            check("kagzi.v1.Nothing")
        assert unknown.value.code() == grpc.StatusCode.NOT_FOUND


def test_watch(server) -> None:  # type: ignore[no-untyped-def]
    with server.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=SERVICE), timeout=TIMEOUT)
        later = stub.Watch(health_pb2.HealthCheckRequest(service="later"), timeout=TIMEOUT)
        assert next(watch).status == Status.NOT_SERVING
        assert next(later).status == Status.SERVICE_UNKNOWN
        server.tell(f"set {SERVICE} SERVING")
        server.tell(f"set {SERVICE} SERVING")
        server.tell(f"set {SERVICE} NOT_SERVING")
        assert [next(watch).status, next(watch).status] == [Status.SERVING, Status.NOT_SERVING]
        server.tell("set later SERVING")
        assert next(later).status == Status.SERVING
        watch.cancel()
        later.cancel()


def test_shutting_down_ends_watches_so_that_the_server_can_drain(server) -> None:  # type: ignore[no-untyped-def]
    with server.channel() as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        server.tell("set - SERVING")
        watch = stub.Watch(health_pb2.HealthCheckRequest(), timeout=TIMEOUT)
        assert next(watch).status == Status.SERVING
        server.tell("shut-down")
        assert next(watch).status == Status.NOT_SERVING
        with pytest.raises(grpc.RpcError) as ended:
            next(watch)
        assert ended.value.code() == grpc.StatusCode.UNAVAILABLE
