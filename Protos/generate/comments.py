"""Comments of a .proto file by the path of the element that they stand before or behind."""

from __future__ import annotations

from google.protobuf import descriptor_pb2


# The well-known types come with the compiler; their comments here are our own.
_WELL_KNOWN = {
    "google/protobuf/duration.proto": (
        "A span of time.",
        "Whole seconds; negative for a span backwards.",
        "The rest in nanoseconds, less than a second, of the same sign as `seconds`.",
    ),
    "google/protobuf/timestamp.proto": (
        "An instant, apart from any time zone.",
        "Whole seconds since 1970-01-01 00:00:00 UTC.",
        "The rest in nanoseconds, 0 to 999,999,999, counted forwards.",
    ),
    "google/protobuf/any.proto": (
        "A message of any type, with its name.",
        "The type: a prefix, a slash and the full name, such as `type.googleapis.com/kagzi.v1.InvalidField`.",
        "The message's wire bytes.",
    ),
}


class Comments:
    """What the contract says of each element, as lines without a comment mark."""

    def __init__(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        self._by_path: dict[tuple[int, ...], list[str]] = {}
        if file.name in _WELL_KNOWN:
            message, *fields = _WELL_KNOWN[file.name]
            self._by_path[4, 0] = [message]
            for index, text in enumerate(fields):
                self._by_path[4, 0, 2, index] = [text]
        else:
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
