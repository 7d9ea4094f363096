"""Comments of a .proto file by the path of the element that they stand before or behind."""

from __future__ import annotations

from google.protobuf import descriptor_pb2


class Comments:
    """What the contract says of each element, as lines without a comment mark."""

    def __init__(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        self._by_path = {tuple(location.path): _text(location) for location in file.source_code_info.location}

    def at(self, *path: int) -> list[str]:
        return self._by_path.get(path, [])


def _text(location: descriptor_pb2.SourceCodeInfo.Location) -> list[str]:
    text = location.leading_comments or location.trailing_comments
    lines = [line.removeprefix(" ").rstrip() for line in text.rstrip().splitlines()]
    return [line for line in lines if not line.startswith("buf:lint:")]


def swift_doc(lines: list[str], indent: str = "") -> list[str]:
    """The comment as Swift documentation lines."""
    return [f"{indent}/// {line}".rstrip() for line in lines]
