"""Sources/Messages/Generated/Services/<Service>.swift: the RPCs of each service as types."""

from __future__ import annotations

from collections.abc import Iterator

from comments import swift_doc
from model import Method, Schema, Service
from swift_values import FOLDER, header


def render(schema: Schema) -> Iterator[tuple[str, str]]:
    """One file a service."""
    for file in schema.files:
        for service in file.services:
            lines = [*header(file.proto.name), *_service(schema, service)]
            yield f"{FOLDER}/Services/{service.swift_name}.swift", "\n".join(lines) + "\n"


def _service(schema: Schema, service: Service) -> list[str]:
    lines = [
        *swift_doc(service.doc),
        f"public enum {service.swift_name} {{",
        "  /// The full name of the service.",
        f'  public static let name = "{service.full_name}"',
        "",
        "  /// Every RPC of the service.",
        "  public static var methods: [any RPCMethod.Type] {",
        "    [",
        *(f"      {method.name}.self," for method in service.methods),
        "    ]",
        "  }",
    ]
    for method in service.methods:
        lines += ["", *_method(schema, service, method)]
    return [*lines, "}"]


def _method(schema: Schema, service: Service, method: Method) -> list[str]:
    siblings = {each.name for each in service.methods} | {"Request", "Response"}

    def type_name(full_name: str) -> str:
        path = schema.swift_path(full_name)
        return f"Messages.{path}" if path.split(".")[0] in siblings else path

    return [
        *swift_doc(method.doc, "  "),
        f"  public enum {method.name}: RPCMethod {{",
        f"    public typealias Request = {type_name(method.request)}",
        f"    public typealias Response = {type_name(method.response)}",
        f'    public static var service: String {{ "{service.full_name}" }}',
        f'    public static var name: String {{ "{method.name}" }}',
        f'    public static var path: String {{ "/{service.full_name}/{method.name}" }}',
        f"    public static var kind: RPCKind {{ .{method.kind} }}",
        "  }",
    ]
