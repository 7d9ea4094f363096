"""Reads the compiled files into the model."""

from __future__ import annotations

import checks
import names
from comments import Comments
from google.protobuf import descriptor_pb2
from model import Enum, EnumValue, Field, File, Message, Method, OneOf, Schema, SchemaError, Service

# Field numbers of the descriptor messages, which make up the paths of comments.
FILE_MESSAGE, FILE_ENUM, FILE_SERVICE = 4, 5, 6
MESSAGE_FIELD, MESSAGE_NESTED, MESSAGE_ENUM, MESSAGE_ONEOF = 2, 3, 4, 8
ENUM_VALUE, SERVICE_METHOD = 2, 2


def read(protos: list[descriptor_pb2.FileDescriptorProto]) -> Schema:
    """The whole contract, checked."""
    schema = Schema([_file(proto) for proto in protos])
    checks.check(schema)
    return schema


def _file(proto: descriptor_pb2.FileDescriptorProto) -> File:
    if proto.syntax != "proto3":
        raise SchemaError(f"{proto.name}: only proto3 is supported")
    file, comments = File(proto), Comments(proto)
    for index, enum in enumerate(proto.enum_type):
        file.enums.append(_enum(enum, proto.package, None, comments, (FILE_ENUM, index)))
    for index, message in enumerate(proto.message_type):
        _add_message(file, message, proto.package, None, comments, (FILE_MESSAGE, index))
    for index, service in enumerate(proto.service):
        file.services.append(_service(service, proto.package, comments, (FILE_SERVICE, index)))
    return file


def _enum(
    proto: descriptor_pb2.EnumDescriptorProto, scope: str, parent: str | None, comments: Comments, path: tuple[int, ...]
) -> Enum:
    values = [
        EnumValue(names.enum_case(proto.name, value.name), value.number, comments.at(*path, ENUM_VALUE, index))
        for index, value in enumerate(proto.value)
    ]
    full_name = f"{scope}.{proto.name}"
    swift_name = names.RENAMED.get(full_name, proto.name)
    return Enum(full_name, swift_name, values, comments.at(*path), parent)


def _add_message(
    file: File,
    proto: descriptor_pb2.DescriptorProto,
    scope: str,
    parent: str | None,
    comments: Comments,
    path: tuple[int, ...],
) -> None:
    full_name = f"{scope}.{proto.name}"
    members: list[Field | OneOf] = []
    oneofs: dict[int, OneOf] = {}
    for index, field_proto in enumerate(proto.field):
        each = Field(
            proto=field_proto,
            owner=full_name,
            swift_name=names.lower_camel(field_proto.name),
            c_name=names.c_field(field_proto.name),
            doc=comments.at(*path, MESSAGE_FIELD, index),
        )
        if field_proto.HasField("oneof_index") and not field_proto.proto3_optional:
            position = field_proto.oneof_index
            if position not in oneofs:
                name = proto.oneof_decl[position].name
                doc = comments.at(*path, MESSAGE_ONEOF, position)
                oneofs[position] = OneOf(
                    name, names.upper_camel(name), names.lower_camel(name), f"{name.lower()}_case", [], doc
                )
                members.append(oneofs[position])
            oneofs[position].fields.append(each)
        else:
            members.append(each)
    swift_name = names.RENAMED.get(full_name, proto.name)
    is_map_entry = proto.options.map_entry
    file.messages.append(Message(full_name, swift_name, members, comments.at(*path), parent, is_map_entry))
    for index, nested in enumerate(proto.nested_type):
        _add_message(file, nested, full_name, full_name, comments, (*path, MESSAGE_NESTED, index))
    for index, enum in enumerate(proto.enum_type):
        file.enums.append(_enum(enum, full_name, full_name, comments, (*path, MESSAGE_ENUM, index)))


def _service(
    proto: descriptor_pb2.ServiceDescriptorProto, package: str, comments: Comments, path: tuple[int, ...]
) -> Service:
    kinds = {
        (False, False): "unary",
        (True, False): "clientStreaming",
        (False, True): "serverStreaming",
        (True, True): "bidirectional",
    }
    methods = [
        Method(
            method.name,
            names.canonical(method.input_type.removeprefix(".")),
            names.canonical(method.output_type.removeprefix(".")),
            kinds[method.client_streaming, method.server_streaming],
            comments.at(*path, SERVICE_METHOD, index),
        )
        for index, method in enumerate(proto.method)
    ]
    full_name = f"{package}.{proto.name}"
    return Service(full_name, names.RENAMED.get(full_name, proto.name), methods, comments.at(*path))
