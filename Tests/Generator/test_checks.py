"""Contracts that the generated code could not carry are refused, by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from model import Schema, SchemaError

Read = Callable[[str], Schema]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("message A { A a = 1; }", r"recursive message: sample\.v1\.A -> sample\.v1\.A"),
        ("message A { B b = 1; } message B { map<string, A> a = 1; }", "recursive message"),
        ("message Task {}", "Swift has a type Task"),
        ("message A {} message B { message A {} } service A { rpc Do(A) returns (B); }", "already defined"),
        ("message A { oneof a_b { string c = 1; } string a__b = 2; }", "two members are aB in Swift"),
        ("enum A { option allow_alias = true; A_UNSPECIFIED = 0; A_NONE = 0; }", "share a name or a number"),
        ("enum A { A_UNSPECIFIED = 0; A_UNRECOGNIZED = 1; }", "not declared"),
    ],
)
def test_refused(schema_of: Read, text: str, complaint: str) -> None:
    with pytest.raises(Exception, match=complaint):
        schema_of(text)


def test_refusal_is_a_schema_error(schema_of: Read) -> None:
    with pytest.raises(SchemaError):
        schema_of("message A { repeated A a = 1; }")


def test_a_message_used_twice_is_not_recursive(schema_of: Read) -> None:
    schema = schema_of("message A { B one = 1; B two = 2; } message B { C c = 1; } message C {}")
    assert list(schema.messages) == ["sample.v1.A", "sample.v1.B", "sample.v1.C"]
