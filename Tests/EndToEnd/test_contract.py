"""A stock client finds every RPC by reflection and calls it: what is served answers, the rest says UNIMPLEMENTED."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from harness import Service, worker, worker_service

# What is not served yet, by service; later issues take from here what they serve. None: all of it.
NOT_YET: dict[str, set[str] | None] = {
    "kagzi.v1.WorkflowService": set(),
    "kagzi.v1.WorkerService": set(),
    "kagzi.v1.AdminService": set(),
    "kagzi.v1.RegistryService": set(),
    "kagzi.v1.ScheduleService": set(),
}  # fmt: skip


def call(service: Service, method: Any, request: Any) -> grpc.StatusCode:
    """Calls an RPC with a request; the status it ends with, OK for an open stream that answers."""
    path = f"/{method.containing_service.full_name}/{method.name}"
    output = message_factory.GetMessageClass(method.output_type)
    kinds = {
        (False, False): service.channel.unary_unary, (False, True): service.channel.unary_stream,
        (True, False): service.channel.stream_unary, (True, True): service.channel.stream_stream,
    }  # fmt: skip
    stub = kinds[(method.client_streaming, method.server_streaming)](
        path, request_serializer=lambda message: message.SerializeToString(), response_deserializer=output.FromString
    )
    try:
        result = stub(iter([request]) if method.client_streaming else request, timeout=5)
        if method.server_streaming:
            list(result)
        return grpc.StatusCode.OK
    except grpc.RpcError as error:
        return error.code()


@pytest.fixture
def pool(service: Service) -> DescriptorPool:
    return DescriptorPool(ProtoReflectionDescriptorDatabase(service.channel))


@pytest.mark.parametrize("name", NOT_YET)
def test_every_rpc_found_by_reflection_answers_as_the_contract_says(
    service: Service, pool: DescriptorPool, name: str
) -> None:
    descriptor = pool.FindServiceByName(name)
    answers = {}
    for method in descriptor.methods:
        request = message_factory.GetMessageClass(method.input_type)()
        answers[method.name] = call(service, method, request)
    unimplemented = {method for method, code in answers.items() if code == grpc.StatusCode.UNIMPLEMENTED}
    not_yet = NOT_YET[name]
    assert unimplemented == (set(answers) if not_yet is None else not_yet)
    listed = ProtoReflectionDescriptorDatabase(service.channel).get_services()
    assert (name in listed) == (not_yet is not None), "a service is listed when something of it is served"
    allowed = {
        grpc.StatusCode.OK, grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.FAILED_PRECONDITION,
    }  # fmt: skip
    assert set(answers.values()) <= allowed, answers


def test_an_unknown_method_and_an_unknown_service_are_unimplemented(service: Service) -> None:
    for path in ("/kagzi.v1.WorkflowService/Nothing", "/kagzi.v1.Nobody/Nothing"):
        with pytest.raises(grpc.RpcError) as error:
            service.channel.unary_unary(path)(b"", timeout=5)
        assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_garbage_is_invalid_and_costs_only_its_own_call(service: Service) -> None:
    start = service.channel.unary_unary("/kagzi.v1.WorkflowService/StartWorkflow")
    for garbage in (b"\xff" * 40, b"\x0a\xff\xff\xff\xff\x0f", b"\x12\x02\xc3\x28"):
        with pytest.raises(grpc.RpcError) as error:
            start(garbage, timeout=5)
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.RpcError) as error:
        start(b"\0" * ((4 << 20) + 1), timeout=5)
    assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert service.start("w", "after-garbage")


def test_a_work_stream_must_begin_with_hello(service: Service) -> None:
    for message in (
        worker_service.WorkRequest(beat=worker.Beat()),
        worker_service.WorkRequest(),
        worker_service.WorkRequest(hello=worker.Hello(worker_id="x", session_id="nonsense")),
    ):
        with pytest.raises(grpc.RpcError) as error:
            list(service.workers.Work(iter([message]), timeout=5))
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT, message
