"""How a field's type reads in Swift, and how one value crosses to C and back."""

from __future__ import annotations

from dataclasses import dataclass

from model import Field, Message, Proto, Schema

_SCALARS = {
    Proto.TYPE_DOUBLE: "Double",
    Proto.TYPE_FLOAT: "Float",
    Proto.TYPE_INT64: "Int64",
    Proto.TYPE_SINT64: "Int64",
    Proto.TYPE_SFIXED64: "Int64",
    Proto.TYPE_UINT64: "UInt64",
    Proto.TYPE_FIXED64: "UInt64",
    Proto.TYPE_INT32: "Int32",
    Proto.TYPE_SINT32: "Int32",
    Proto.TYPE_SFIXED32: "Int32",
    Proto.TYPE_UINT32: "UInt32",
    Proto.TYPE_FIXED32: "UInt32",
    Proto.TYPE_BOOL: "Bool",
    Proto.TYPE_STRING: "String",
    Proto.TYPE_BYTES: "[UInt8]",
}

_C_SCALARS = {
    Proto.TYPE_DOUBLE: "UInt64",
    Proto.TYPE_FLOAT: "UInt32",
    Proto.TYPE_BOOL: "protobuf_c_boolean",
    Proto.TYPE_STRING: "ProtobufCBinaryData",
    Proto.TYPE_BYTES: "ProtobufCBinaryData",
    Proto.TYPE_ENUM: "Int32",
}


@dataclass(frozen=True)
class SwiftTypes:
    """Answers for one schema."""

    schema: Schema

    def value(self, field: Field) -> str:
        """The type of one value of the field, whatever its label."""
        if field.proto.type in (Proto.TYPE_MESSAGE, Proto.TYPE_ENUM):
            return self.schema.swift_path(field.type_name)
        return _SCALARS[field.proto.type]

    def declared(self, field: Field) -> str:
        """The type of the property."""
        if entry := self.schema.map_entry(field):
            key, value = entry.fields
            return f"[{self.value(key)}: {self.value(value)}]"
        if field.is_repeated:
            return f"[{self.value(field)}]"
        return self.value(field) + ("?" if field.is_optional else "")

    def default(self, field: Field) -> str:
        if self.schema.map_entry(field):
            return "[:]"
        if field.is_repeated:
            return "[]"
        return "nil" if field.is_optional else self.zero(field)

    def zero(self, field: Field) -> str:
        """The value of a field that is not there."""
        kind = field.proto.type
        if kind == Proto.TYPE_MESSAGE:
            return f"{self.value(field)}()"
        if kind == Proto.TYPE_ENUM:
            return "." + self.schema.enums[field.type_name].zero
        return {Proto.TYPE_BOOL: "false", Proto.TYPE_STRING: '""', Proto.TYPE_BYTES: "[]"}.get(kind, "0")

    def c_value(self, field: Field) -> str:
        """The C type of one value."""
        if field.is_message:
            return f"UnsafeMutablePointer<{self.message(field).c_type}>?"
        return _C_SCALARS.get(field.proto.type) or _SCALARS[field.proto.type]

    def message(self, field: Field) -> Message:
        return self.schema.messages[field.type_name]

    def from_c(self, field: Field, value: str) -> str:
        """The Swift value of the C `value`; a message's pointer must not be nil."""
        kind = field.proto.type
        if kind == Proto.TYPE_MESSAGE:
            return f"try {self.value(field)}(copying: {value}, arena)"
        if kind == Proto.TYPE_STRING:
            return f'try {value}.text("{field.label}")'
        if kind == Proto.TYPE_ENUM:
            return f"{self.value(field)}(rawValue: {value})"
        return {
            Proto.TYPE_BYTES: f"{value}.byteArray",
            Proto.TYPE_BOOL: f"{value} != 0",
            Proto.TYPE_DOUBLE: f"Double(bitPattern: {value})",
            Proto.TYPE_FLOAT: f"Float(bitPattern: {value})",
        }.get(kind, value)

    def to_c(self, field: Field, value: str) -> str:
        """The C value of the Swift `value`, in memory of the arena."""
        return {
            Proto.TYPE_MESSAGE: f"{value}.placed(in: arena)",
            Proto.TYPE_STRING: f"arena.place({value})",
            Proto.TYPE_BYTES: f"arena.place({value})",
            Proto.TYPE_ENUM: f"{value}.rawValue",
            Proto.TYPE_BOOL: f"{value} ? 1 : 0",
            Proto.TYPE_DOUBLE: f"{value}.bitPattern",
            Proto.TYPE_FLOAT: f"{value}.bitPattern",
        }.get(field.proto.type, value)
