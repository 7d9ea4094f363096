"""What protoc-c is given differs from the contract only where the wire does not."""

from __future__ import annotations

from collections.abc import Callable

import c_messages
from google.protobuf import descriptor_pb2
from model import Schema

Type = descriptor_pb2.FieldDescriptorProto


def test_rewriting(schema_of: Callable[[str], Schema]) -> None:
    schema = schema_of(
        "enum E { E_UNSPECIFIED = 0; } message A { string s = 1; E e = 2; double d = 3; repeated E es = 4;"
        " map<string, E> m = 5; optional float f = 6; }"
    )
    [message] = c_messages.rewritten(schema.files[0].proto).message_type
    types = {field.name: field.type for field in message.field}
    assert types["s"] == Type.TYPE_BYTES
    assert types["e"] == types["es"] == Type.TYPE_INT32
    assert types["d"] == Type.TYPE_FIXED64
    assert types["f"] == Type.TYPE_FIXED32
    assert next(field for field in message.field if field.name == "es").options.packed
    assert not message.nested_type[0].options.map_entry


def test_generated_c(schema_of: Callable[[str], Schema]) -> None:
    files = dict(c_messages.render(schema_of("message A { optional string s = 1; }")))
    header = files["Sources/CMessages/include/sample.pb-c.h"]
    assert "ProtobufCBinaryData s;" in header
    assert '#include "sample.pb-c.h"' in files["Sources/CMessages/include/CMessages.h"]
