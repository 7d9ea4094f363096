"""Sources/Messages/Generated/<File>+Wire.swift: each message to and from protobuf-c's struct."""

from __future__ import annotations

from collections.abc import Iterator

import names
from model import Field, File, Message, OneOf, Schema
from swift_types import SwiftTypes
from swift_values import FOLDER, header


def render(schema: Schema) -> Iterator[tuple[str, str]]:
    """One file a .proto file."""
    for file in schema.message_files:
        if file.messages:
            yield f"{FOLDER}/{names.swift_file(file.proto.name)}+Wire.swift", _Conversions(schema, file).text()


class _Conversions:
    def __init__(self, schema: Schema, file: File) -> None:
        self.schema, self.file, self.types = schema, file, SwiftTypes(schema)

    def text(self) -> str:
        lines = [*header(self.file.proto.name), "internal import CMessages", ""]
        for message in self.file.messages:
            if message.is_map_entry:
                continue
            if message.parent is None:
                lines += [*self._wire(message), ""]
            lines += [*self._conversion(message), ""]
        return "\n".join(lines).rstrip() + "\n"

    def _wire(self, message: Message) -> list[str]:
        unpack = names.c_function(message.full_name, "unpack")
        return [
            f"extension {message.swift_name}: WireMessage {{",
            "  public init(wire bytes: UnsafeRawBufferPointer) throws(WireError) {",
            "    let arena = Arena.forDecoding(bytes.count)",
            "    defer { arena.giveBack() }",
            "    let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)",
            f"    guard let c = {unpack}(arena.allocator, bytes.count, start) else {{",
            f'      throw arena.decodingError("{message.full_name}")',
            "    }",
            "    self = try Self(copying: c, arena)",
            "  }",
            "",
            "  public func withWireBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {",
            "    let arena = Arena.forEncoding()",
            "    defer { arena.giveBack() }",
            "    return try body(arena.packed(placed(in: arena)))",
            "  }",
            "}",
            "",
        ]

    def _conversion(self, message: Message) -> list[str]:
        init = names.c_function(message.full_name, "init")
        lines = [
            f"extension {self.schema.swift_path(message.full_name)} {{",
            f"  init(copying c: UnsafeMutablePointer<{message.c_type}>, _ arena: Arena) throws(WireError) {{",
        ]
        for member in message.members:
            lines += [f"    {line}" for line in self._decode(member)]
        lines += [
            "  }",
            "",
            f"  func placed(in arena: Arena) -> UnsafeMutablePointer<{message.c_type}> {{",
            f"    let c = arena.allocate({message.c_type}.self, count: 1)",
            f"    {init}(c)",
        ]
        for member in message.members:
            lines += [f"    {line}" for line in self._encode(member)]
        return [*lines, "    return c", "  }", "}"]

    # From C.

    def _decode(self, member: Field | OneOf) -> list[str]:
        if isinstance(member, OneOf):
            return self._decode_oneof(member)
        c = f"c.pointee.{member.c_name}"
        target = f"self.{member.swift_name}"
        if entry := self.schema.map_entry(member):
            return self._decode_map(member, entry)
        if member.is_repeated:
            return self._decode_repeated(member)
        if member.is_message:
            return [f"if let value = {c} {{ {target} = {self.types.from_c(member, 'value')} }} else {{ {target} = nil }}"]
        if member.is_optional:
            is_set = f"c.pointee.{_optional_case(member)}.rawValue == {member.proto.number}"
            return [f"{target} = {is_set} ? {self.types.from_c(member, c)} : nil"]
        return [f"{target} = {self.types.from_c(member, c)}"]

    def _decode_repeated(self, field: Field) -> list[str]:
        element = self.types.value(field)
        c, count = f"c.pointee.{field.c_name}", f"c.pointee.n_{field.c_name.rstrip('_')}"
        value = f"{c}[index]{'!' if field.is_message else ''}"
        name = f"{field.swift_name}Values"
        return [
            f'try arena.charge({count}, {element}.self, "{field.label}")',
            f"var {name}: [{element}] = []",
            f"{name}.reserveCapacity({count})",
            f"for index in 0..<{count} {{ {name}.append({self.types.from_c(field, value)}) }}",
            f"self.{field.swift_name} = {name}",
        ]

    def _decode_map(self, field: Field, entry: Message) -> list[str]:
        key, value = entry.fields
        key_type, value_type = self.types.value(key), self.types.value(value)
        c, count = f"c.pointee.{field.c_name}", f"c.pointee.n_{field.c_name.rstrip('_')}"
        name = f"{field.swift_name}Values"
        read = self.types.from_c(value, f"entry.pointee.{value.c_name}")
        if value.is_message:
            copied = self.types.from_c(value, "value")
            read = f"if let value = entry.pointee.{value.c_name} {{ {copied} }} else {{ {self.types.zero(value)} }}"
        return [
            f'try arena.charge({count}, (key: {key_type}, value: {value_type}).self, "{field.label}")',
            f"var {name}: [{key_type}: {value_type}] = [:]",
            f"if {count} > 0 {{ {name}.reserveCapacity({count}) }}",
            f"for index in 0..<{count} {{",
            f"  let entry = {c}[index]!",
            f"  let key = {self.types.from_c(key, f'entry.pointee.{key.c_name}')}",
            f"  {name}[key] = {read}",
            "}",
            f"self.{field.swift_name} = {name}",
        ]

    def _decode_oneof(self, oneof: OneOf) -> list[str]:
        target = f"self.{oneof.swift_name}"
        lines = [f"switch c.pointee.{oneof.c_case}.rawValue {{"]
        for each in oneof.fields:
            case = names.swift_escaped(each.swift_name)
            c = f"c.pointee.{each.c_name}"
            if each.is_message:
                copied = self.types.from_c(each, "value")
                assigned = f"if let value = {c} {{ {target} = .{case}({copied}) }} else {{ {target} = nil }}"
            else:
                assigned = f"{target} = .{case}({self.types.from_c(each, c)})"
            lines += [f"case {each.proto.number}:", f"  {assigned}"]
        return [*lines, f"default: {target} = nil", "}"]

    # To C.

    def _encode(self, member: Field | OneOf) -> list[str]:
        if isinstance(member, OneOf):
            return self._encode_oneof(member)
        c, source = f"c.pointee.{member.c_name}", f"self.{member.swift_name}"
        if entry := self.schema.map_entry(member):
            return self._encode_map(member, entry)
        if member.is_repeated:
            return self._encode_repeated(member)
        if member.is_message:
            return [f"if let value = {source} {{ {c} = {self.types.to_c(member, 'value')} }}"]
        if member.is_optional:
            return [
                f"if let value = {source} {{",
                f"  c.pointee.{_optional_case(member)} = .init(rawValue: {member.proto.number})",
                f"  {c} = {self.types.to_c(member, 'value')}",
                "}",
            ]
        return [f"{c} = {self.types.to_c(member, source)}"]

    def _encode_repeated(self, field: Field) -> list[str]:
        c, count = f"c.pointee.{field.c_name}", f"c.pointee.n_{field.c_name.rstrip('_')}"
        source = f"self.{field.swift_name}"
        return [
            f"if !{source}.isEmpty {{",
            f"  let values = arena.allocate({self.types.c_value(field)}.self, count: {source}.count)",
            f"  for (index, value) in {source}.enumerated() {{ values[index] = {self.types.to_c(field, 'value')} }}",
            f"  {count} = {source}.count",
            f"  {c} = values",
            "}",
        ]

    def _encode_map(self, field: Field, entry: Message) -> list[str]:
        key, value = entry.fields
        c, count = f"c.pointee.{field.c_name}", f"c.pointee.n_{field.c_name.rstrip('_')}"
        source = f"self.{field.swift_name}"
        return [
            f"if !{source}.isEmpty {{",
            f"  let entries = arena.allocate(UnsafeMutablePointer<{entry.c_type}>?.self, count: {source}.count)",
            f"  for (index, element) in {source}.enumerated() {{",
            f"    let entry = arena.allocate({entry.c_type}.self, count: 1)",
            f"    {names.c_function(entry.full_name, 'init')}(entry)",
            f"    entry.pointee.{key.c_name} = {self.types.to_c(key, 'element.key')}",
            f"    entry.pointee.{value.c_name} = {self.types.to_c(value, 'element.value')}",
            "    entries[index] = entry",
            "  }",
            f"  {count} = {source}.count",
            f"  {c} = entries",
            "}",
        ]

    def _encode_oneof(self, oneof: OneOf) -> list[str]:
        lines = [f"switch self.{oneof.swift_name} {{"]
        for each in oneof.fields:
            lines += [
                f"case .{each.swift_name}(let value):",
                f"  c.pointee.{oneof.c_case} = .init(rawValue: {each.proto.number})",
                f"  c.pointee.{each.c_name} = {self.types.to_c(each, 'value')}",
            ]
        return [*lines, "case nil: break", "}"]


def _optional_case(field: Field) -> str:
    """The member of the C struct that tells whether the field is there: a proto3 optional is a oneof of one."""
    return f"_{field.proto.name.lower()}_case"
