"""Names follow Swift's guidelines, and protoc-c's rules."""

from __future__ import annotations

import names
import pytest


@pytest.mark.parametrize(
    ("proto", "swift"),
    [("run_id", "runID"), ("id", "id"), ("run_ids", "runIDs"), ("more_steps_token", "moreStepsToken"), ("i2_d", "i2D")],
)
def test_fields(proto: str, swift: str) -> None:
    assert names.lower_camel(proto) == swift


@pytest.mark.parametrize(
    ("enum", "value", "case"),
    [
        ("RunStatus", "RUN_STATUS_TIMED_OUT", "timedOut"),
        ("RunStatus", "OTHER", "other"),
        ("Http2Code", "HTTP2_CODE_404", "_404"),
        ("WorkerID", "WORKER_ID_DEFAULT", "default"),
    ],
)
def test_enum_cases(enum: str, value: str, case: str) -> None:
    assert names.enum_case(enum, value) == case


def test_names_of_protoc_c() -> None:
    assert names.c_type("kagzi.v1.Sample.LabelsEntry") == "Kagzi__V1__Sample__LabelsEntry"
    assert names.c_function("kagzi.v1.StartWorkflowRequest", "init") == "kagzi__v1__start_workflow_request__init"
    assert names.c_field("namespace") == "namespace_"


def test_files() -> None:
    assert names.swift_file("kagzi/v1/worker_service.proto") == "KagziV1WorkerService"


def test_same_messages_of_two_packages() -> None:
    assert names.canonical("grpc.reflection.v1alpha.ErrorResponse") == "grpc.reflection.v1.ErrorResponse"
    assert names.canonical("grpc.reflection.v1.ErrorResponse") == "grpc.reflection.v1.ErrorResponse"
