"""Sources/Messages/Generated/ContractFiles.swift: the compiled contract, which reflection serves."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from google.protobuf import descriptor_pb2
from swift_values import FOLDER, header


def render(files: list[descriptor_pb2.FileDescriptorProto]) -> Iterator[tuple[str, str]]:
    """All files, each after its imports, without comments; base64, because Swift compiles long byte arrays slowly."""
    lines = [*header(""), "extension DescriptorSet {", "  /// Every file of the contract, each after those it imports."]
    lines += ["  public static let files: [File] = ["]
    for file in files:
        lines += [f"    {line}" for line in _file(file)]
    lines += ["  ]", "}"]
    yield f"{FOLDER}/DescriptorSet+Files.swift", "\n".join(lines) + "\n"


def _file(file: descriptor_pb2.FileDescriptorProto) -> list[str]:
    stripped = descriptor_pb2.FileDescriptorProto()
    stripped.CopyFrom(file)
    stripped.ClearField("source_code_info")
    encoded = base64.b64encode(stripped.SerializeToString(deterministic=True)).decode()
    return [
        "File(",
        f'  name: "{file.name}",',
        f"  imports: [{_strings(file.dependency)}],",
        f"  symbols: [{_strings(symbols(file))}],",
        f'  base64: "{encoded}"),',
    ]


def _strings(values: Iterable[str]) -> str:
    return ", ".join(f'"{value}"' for value in values)


def symbols(file: descriptor_pb2.FileDescriptorProto) -> list[str]:
    """The full names that reflection finds the file by: services, methods, messages, enums."""
    prefix = f"{file.package}." if file.package else ""
    found: list[str] = []
    for service in file.service:
        found.append(prefix + service.name)
        found += [f"{prefix}{service.name}.{method.name}" for method in service.method]
    for message in file.message_type:
        found += _message_symbols(prefix, message)
    found += [prefix + enum.name for enum in file.enum_type]
    return found


def _message_symbols(prefix: str, message: descriptor_pb2.DescriptorProto) -> list[str]:
    name = prefix + message.name
    found = [name, *(f"{name}.{enum.name}" for enum in message.enum_type)]
    for nested in message.nested_type:
        found += _message_symbols(name + ".", nested)
    return found
