"""What the Swift of a message, an enum and a service looks like."""

from __future__ import annotations

from collections.abc import Callable

import swift_conversions
import swift_services
import swift_values
from model import Schema

Read = Callable[[str], Schema]


def values(schema: Schema) -> str:
    return "\n".join(text for _, text in swift_values.render(schema))


def test_comments_become_documentation(schema_of: Read) -> None:
    swift = values(schema_of("// A thing.\n//\n// In full.\nmessage Thing {\n// Its name.\nstring name = 1; }"))
    assert "/// A thing.\n///\n/// In full.\npublic struct Thing: Sendable, Hashable {\n  /// Its name." in swift


def test_presence(schema_of: Read) -> None:
    swift = values(schema_of("message A {} message B { A a = 1; optional int32 n = 2; int32 m = 3; bytes default = 4; }"))
    assert "public var a: A?" in swift
    assert "public var n: Int32?" in swift
    assert "public var m: Int32\n" in swift
    assert "public var `default`: [UInt8]" in swift
    assert "    `default`: [UInt8] = []" in swift


def test_collections(schema_of: Read) -> None:
    swift = values(schema_of("message A {} message B { repeated A list = 1; map<int64, A> by_id = 2; }"))
    assert "public var list: [A]" in swift
    assert "public var byID: [Int64: A]" in swift
    assert "ByIdEntry" not in swift


def test_oneof_and_its_name(schema_of: Read) -> None:
    swift = values(schema_of("message Command {} message B { oneof command { Command go = 1; string text = 2; } }"))
    assert "public enum CommandKind: Sendable, Hashable {\n    case go(Command)\n    case text(String)" in swift
    assert "public var command: CommandKind?" in swift


def test_enum(schema_of: Read) -> None:
    swift = values(schema_of("enum Mode { MODE_UNSPECIFIED = 0; MODE_FAST_LANE = 3; }"))
    assert "case fastLane" in swift
    assert "case 3: self = .fastLane" in swift
    assert "default: self = .unrecognized(rawValue)" in swift


def test_text_is_validated_and_named(schema_of: Read) -> None:
    swift = "\n".join(text for _, text in swift_conversions.render(schema_of("message A { repeated string names = 1; }")))
    assert '.text("sample.v1.A.names")' in swift
    assert 'arena.charge(c.pointee.n_names, String.self, "sample.v1.A.names")' in swift


def test_service(schema_of: Read) -> None:
    schema = schema_of("message Go {} service S { rpc Go(stream .sample.v1.Go) returns (.sample.v1.Go); }")
    [(path, swift)] = swift_services.render(schema)
    assert path == "Sources/Messages/Generated/Services/S.swift"
    assert "public typealias Request = Messages.Go" in swift
    assert 'public static var path: String { "/sample.v1.S/Go" }' in swift
    assert "public static var kind: RPCKind { .clientStreaming }" in swift
