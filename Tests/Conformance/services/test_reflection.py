"""The stock reflection client of grpcio, raw streams of both versions, and grpcurl."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICES = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"]
TIMEOUT = 20


def grpcurl(*arguments: str) -> str:
    command = [str(Path(sys.executable).with_name("grpcurl")), "-plaintext", "-max-time", "20", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_database_client_finds_every_service_and_type(server) -> None:  # type: ignore[no-untyped-def]
    with server.channel() as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert sorted(database.get_services()) == SERVICES
        pool = DescriptorPool(database)
        work = pool.FindServiceByName("kagzi.v1.WorkerService").FindMethodByName("Work")
        assert work.client_streaming and work.server_streaming
        assert work.input_type.full_name == "kagzi.v1.WorkRequest"
        assert pool.FindMessageTypeByName("kagzi.v1.StartWorkflowRequest").fields_by_name["input"]
        assert pool.FindFileByName("google/protobuf/duration.proto")


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_one_stream_of_many_questions(server, version: str) -> None:  # type: ignore[no-untyped-def]
    request, response = reflection_pb2.ServerReflectionRequest, reflection_pb2.ServerReflectionResponse
    questions = [
        request(host="here", list_services=""),
        request(file_by_filename="kagzi/v1/worker.proto"),
        request(file_by_filename="kagzi/v1/worker.proto"),
        request(file_containing_symbol="nothing"),
    ]
    with server.channel() as channel:
        call = channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )
        listed, first, second, missing = call(iter(questions), timeout=TIMEOUT)
    assert listed.valid_host == "here" and listed.original_request == questions[0]
    assert [service.name for service in listed.list_services_response.service] == SERVICES
    assert len(first.file_descriptor_response.file_descriptor_proto) > 1
    assert len(second.file_descriptor_response.file_descriptor_proto) == 1
    assert missing.error_response.error_code == 5


def test_thousands_of_questions_to_a_reader_that_lags(server) -> None:  # type: ignore[no-untyped-def]
    """The answers to come would be 40 MB: the server asks for no more questions until they are read."""
    count = 2000
    with server.channel() as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        question = reflection_pb2.ServerReflectionRequest(file_by_filename="kagzi/v1/workflow_service.proto")
        answers = stub.ServerReflectionInfo(iter([question] * count), timeout=60)
        assert sum(answer.HasField("file_descriptor_response") for answer in answers) == count


def test_grpcurl_lists_describes_and_calls(server) -> None:  # type: ignore[no-untyped-def]
    assert grpcurl(server.address, "list").split() == SERVICES
    assert "rpc Watch" in grpcurl(server.address, "describe", "grpc.health.v1.Health")
    assert "string workflow_id" in grpcurl(server.address, "describe", "kagzi.v1.StartWorkflowRequest")
    server.tell("set - SERVING")
    assert json.loads(grpcurl(server.address, "grpc.health.v1.Health/Check")) == {"status": "SERVING"}
