"""Python's protobuf and the Swift layer agree on the bytes of one message that has every kind of field.

The bytes are in `Tests/MessagesTests/Golden/sample.hex`, where `GoldenTests.swift` compares them with what Swift makes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


@pytest.fixture
def echo(repository: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.syspath_prepend(str(repository / "clients/python/src"))
    from kagzi._generated.kagzi.conformance.v1 import echo_pb2

    return echo_pb2


def golden_sample(echo):  # type: ignore[no-untyped-def]
    sample = echo.Sample(
        int32_value=-1, int64_value=-(2**63), uint32_value=2**32 - 1, uint64_value=2**64 - 1, sint32_value=-(2**31),
        sint64_value=-(2**63), fixed32_value=7, fixed64_value=8, sfixed32_value=-9, sfixed64_value=-10,
        float_value=-0.0, double_value=0.1, bool_value=True, text="naïve 漢 🙂", data=b"\x00\xff", shade=-1,
        optional_number=0, optional_text="", optional_data=b"", optional_bool=False, optional_double=-0.0,
        optional_shade=0, numbers=[0, -1, 300], doubles=[-0.0, 1.5], bools=[True, False], shades=[1, 77, -1],
        texts=["", "a"], datas=[b"", b"\x01"], labels={"key": "value"}, shade_by_bool={True: 2}, choice_double=-0.0,
        default="d", namespace="n",
    )  # fmt: skip
    sample.leaf.SetInParent()
    sample.time.FromNanoseconds(1_500_000_001)
    sample.span.FromMilliseconds(-1500)
    sample.leaves.add()
    sample.leaves.add(name="leaf", value=2, weight=0)
    sample.leaf_by_number[-3].name = "three"
    sample.nested.name = "inner"
    sample.nested.kind = 1
    return sample


def test_python_makes_the_golden_bytes(repository: Path, echo) -> None:  # type: ignore[no-untyped-def]
    golden = repository / "Tests/MessagesTests/Golden/sample.hex"
    assert golden_sample(echo).SerializeToString(deterministic=True).hex() == golden.read_text().strip()


def test_stubs_import_each_other_inside_the_package(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(repository / "clients/python/src"))
    from kagzi._generated.kagzi.v1 import worker_service_pb2, worker_service_pb2_grpc

    assert worker_service_pb2_grpc.WorkerServiceStub
    assert worker_service_pb2.RegisterWorkerRequest(worker_id="w").worker_id == "w"
    assert not any(name == "kagzi.v1" for name in sys.modules)
