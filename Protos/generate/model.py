"""The contract as the Swift generators need it: checked, named, resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import names
from google.protobuf import descriptor_pb2

Proto = descriptor_pb2.FieldDescriptorProto


class SchemaError(Exception):
    """The contract holds something that the generated code cannot carry."""


@dataclass(frozen=True)
class EnumValue:
    case: str
    number: int
    doc: list[str]


@dataclass(frozen=True)
class Enum:
    full_name: str
    swift_name: str
    values: list[EnumValue]
    doc: list[str]
    parent: str | None

    @property
    def zero(self) -> str:
        return next(value.case for value in self.values if value.number == 0)


@dataclass(frozen=True)
class Field:
    proto: Proto
    owner: str
    swift_name: str
    c_name: str
    doc: list[str]

    @property
    def label(self) -> str:
        """How an error names the field."""
        return f"{self.owner}.{self.proto.name}"

    @property
    def type_name(self) -> str:
        return names.canonical(self.proto.type_name.removeprefix("."))

    @property
    def is_message(self) -> bool:
        return self.proto.type == Proto.TYPE_MESSAGE

    @property
    def is_repeated(self) -> bool:
        return self.proto.label == Proto.LABEL_REPEATED

    @property
    def is_optional(self) -> bool:
        """Absence can be told from the default."""
        return self.proto.proto3_optional or (self.is_message and not self.is_repeated)


@dataclass(frozen=True)
class OneOf:
    name: str
    swift_type: str
    swift_name: str
    c_case: str
    fields: list[Field]
    doc: list[str]


@dataclass(frozen=True)
class Message:
    full_name: str
    swift_name: str
    members: list[Field | OneOf]
    doc: list[str]
    parent: str | None
    is_map_entry: bool

    @property
    def c_type(self) -> str:
        return names.c_type(self.full_name)

    @property
    def fields(self) -> list[Field]:
        nested = [member.fields if isinstance(member, OneOf) else [member] for member in self.members]
        return [each for group in nested for each in group]


@dataclass(frozen=True)
class Method:
    name: str
    request: str
    response: str
    kind: str
    doc: list[str]


@dataclass(frozen=True)
class Service:
    full_name: str
    swift_name: str
    methods: list[Method]
    doc: list[str]


@dataclass
class File:
    proto: descriptor_pb2.FileDescriptorProto
    messages: list[Message] = field(default_factory=list)
    enums: list[Enum] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)

    @property
    def shares_messages(self) -> bool:
        """Its messages are those of another package, so none are generated for it."""
        return self.proto.package in names.SAME_MESSAGES


@dataclass
class Schema:
    files: list[File]

    @property
    def message_files(self) -> list[File]:
        """The files for which messages are generated."""
        return [file for file in self.files if not file.shares_messages]

    @cached_property
    def messages(self) -> dict[str, Message]:
        return {message.full_name: message for file in self.message_files for message in file.messages}

    @cached_property
    def enums(self) -> dict[str, Enum]:
        return {enum.full_name: enum for file in self.message_files for enum in file.enums}

    @cached_property
    def top_types(self) -> list[Message | Enum]:
        """The messages and enums that are not inside a message."""
        types: list[Message | Enum] = [*self.messages.values(), *self.enums.values()]
        return [entry for entry in types if entry.parent is None]

    def swift_path(self, full_name: str) -> str:
        """The Swift name of a message or enum from the top: `HealthCheckResponse.ServingStatus`."""
        entry: Message | Enum = self.messages.get(full_name) or self.enums[full_name]
        return f"{self.swift_path(entry.parent)}.{entry.swift_name}" if entry.parent else entry.swift_name

    def map_entry(self, each: Field) -> Message | None:
        """The entry message of a map field."""
        if not (each.is_message and each.is_repeated):
            return None
        entry = self.messages[each.type_name]
        return entry if entry.is_map_entry else None
