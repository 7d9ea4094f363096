"""What the contract must keep, so that the generated code is safe and unambiguous."""

from __future__ import annotations

import names
from google.protobuf import descriptor_pb2
from model import Enum, Message, OneOf, Schema, SchemaError, Service


def check(schema: Schema) -> None:
    """Raises `SchemaError` naming the first element that breaks a rule."""
    _check_recursion(schema)
    _check_type_names(schema)
    _check_members(schema)
    _check_enums(schema)


def _check_recursion(schema: Schema) -> None:
    """protobuf-c recurses once a nested message and has no limit: no message may contain itself."""
    finished: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            raise SchemaError("recursive message: " + " -> ".join([*path[path.index(name) :], name]))
        if name in finished:
            return
        for each in schema.messages[name].fields:
            if each.is_message:
                visit(each.type_name, [*path, name])
        finished.add(name)

    for name in schema.messages:
        visit(name, [])


def _check_type_names(schema: Schema) -> None:
    seen: dict[str, str] = {}
    named: list[Message | Enum | Service] = list(schema.top_types)
    named += [service for file in schema.files for service in file.services]
    for entry in named:
        if entry.swift_name in names.TAKEN_TYPES:
            raise SchemaError(f"{entry.full_name}: Swift has a type {entry.swift_name}; add it to names.RENAMED")
        if entry.swift_name in seen:
            raise SchemaError(
                f"{entry.full_name} and {seen[entry.swift_name]} are both {entry.swift_name} in Swift; "
                "add one to names.RENAMED"
            )
        seen[entry.swift_name] = entry.full_name


def _check_members(schema: Schema) -> None:
    for message in schema.messages.values():
        seen: set[str] = set()
        for member in message.members:
            if member.swift_name in seen:
                raise SchemaError(f"{message.full_name}: two members are {member.swift_name} in Swift")
            seen.add(member.swift_name)
            for each in member.fields if isinstance(member, OneOf) else [member]:
                if each.proto.type == descriptor_pb2.FieldDescriptorProto.TYPE_GROUP:
                    raise SchemaError(f"{each.label}: groups are not supported")


def _check_enums(schema: Schema) -> None:
    for enum in schema.enums.values():
        cases = [value.case for value in enum.values]
        numbers = [value.number for value in enum.values]
        if len(set(cases)) != len(cases) or len(set(numbers)) != len(numbers):
            raise SchemaError(f"{enum.full_name}: two values share a name or a number")
        if "unrecognized" in cases:
            raise SchemaError(f"{enum.full_name}: `unrecognized` is the name for numbers that are not declared")
