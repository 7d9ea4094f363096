"""Names: from the contract's to Swift's and to those that protoc-c gives."""

from __future__ import annotations

#: Full proto names whose Swift name differs, because theirs would clash with another type.
RENAMED = {
    "google.protobuf.Any": "AnyMessage",
    "google.protobuf.Duration": "ProtoDuration",
    "google.rpc.Status": "RPCStatus",
    "grpc.health.v1.Health": "HealthService",
    "grpc.reflection.v1.ServerReflection": "ReflectionService",
    "grpc.reflection.v1alpha.ServerReflection": "ReflectionV1AlphaService",
    "kagzi.v1.Task": "WorkerTask",
}

#: Packages whose messages are, on the wire and in every name, those of another one.
SAME_MESSAGES = {"grpc.reflection.v1alpha": "grpc.reflection.v1"}

#: Type names that Swift, its standard library or its concurrency runtime use.
TAKEN_TYPES = {
    "Any", "Array", "Character", "Dictionary", "Double", "Duration", "Error", "Float", "Hasher", "Int", "Never",
    "Optional", "Protocol", "Result", "Self", "Set", "String", "Task", "Type", "Void", "WireMessage", "WireError",
    "RPCKind", "RPCMethod", "Arena", "Messages",
}  # fmt: skip

SWIFT_KEYWORDS = {
    "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer", "deinit", "do", "else",
    "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import", "in", "init",
    "inout", "internal", "is", "let", "nil", "operator", "precedencegroup", "private", "protocol", "public", "repeat",
    "rethrows", "return", "self", "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try",
    "typealias", "var", "where", "while",
}  # fmt: skip

#: Field names after which protoc-c adds an underscore.
C_KEYWORDS = {
    "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char", "class", "compl",
    "const", "const_cast", "continue", "default", "delete", "do", "double", "dynamic_cast", "else", "enum", "explicit",
    "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace", "new",
    "not", "not_eq", "operator", "or", "or_eq", "private", "protected", "public", "register", "reinterpret_cast",
    "return", "short", "signed", "sizeof", "static", "static_cast", "struct", "switch", "template", "this", "throw",
    "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using", "virtual", "void", "volatile",
    "wchar_t", "while", "xor", "xor_eq",
}  # fmt: skip

ACRONYMS = {"id": "ID", "ids": "IDs", "sql": "SQL", "url": "URL", "uri": "URI", "cpu": "CPU", "rpc": "RPC"}


def swift_escaped(name: str) -> str:
    return f"`{name}`" if name in SWIFT_KEYWORDS else name


def lower_camel(snake: str) -> str:
    """`run_id` -> `runID`, `id` -> `id`."""
    first, *rest = [word for word in snake.lower().split("_") if word]
    return first + "".join(ACRONYMS.get(word, word.capitalize()) for word in rest)


def upper_camel(snake: str) -> str:
    return "".join(ACRONYMS.get(word, word.capitalize()) for word in snake.lower().split("_") if word)


def upper_snake(camel: str) -> str:
    """`RunStatus` -> `RUN_STATUS`, as buf's ENUM_VALUE_PREFIX wants it."""
    result = ""
    for index, letter in enumerate(camel):
        previous, following = camel[index - 1 : index], camel[index + 1 : index + 2]
        starts_word = letter.isupper() and (previous.islower() or previous.isdigit() or following.islower())
        result += ("_" if index and starts_word else "") + letter.upper()
    return result


def enum_case(enum: str, value: str) -> str:
    """`RunStatus`, `RUN_STATUS_TIMED_OUT` -> `timedOut`."""
    prefix = upper_snake(enum) + "_"
    bare = lower_camel(value[len(prefix) :] if value.startswith(prefix) else value)
    return "_" + bare if bare[0].isdigit() else bare


def canonical(full_name: str) -> str:
    """The name of the type that stands for `full_name` (see `SAME_MESSAGES`)."""
    for package, same in SAME_MESSAGES.items():
        if full_name.startswith(package + "."):
            return same + full_name[len(package) :]
    return full_name


def c_type(full_name: str) -> str:
    """`kagzi.v1.StartWorkflowRequest` -> `Kagzi__V1__StartWorkflowRequest`."""
    return "__".join("".join(part[:1].upper() + part[1:] for part in word.split("_")) for word in full_name.split("."))


def c_function(full_name: str, verb: str) -> str:
    """`kagzi.v1.StartWorkflowRequest`, `init` -> `kagzi__v1__start_workflow_request__init`."""
    return "__".join([*(_c_lower(word) for word in full_name.split(".")), verb])


def _c_lower(camel: str) -> str:
    result, after_upper = "", True
    for letter in camel:
        result += ("_" if letter.isupper() and not after_upper else "") + letter.lower()
        after_upper = letter.isupper()
    return result


def c_field(name: str) -> str:
    lowered = name.lower()
    return lowered + "_" if lowered in C_KEYWORDS else lowered


def swift_file(proto_file: str) -> str:
    """`kagzi/v1/worker_service.proto` -> `KagziV1WorkerService`."""
    stem = proto_file.removesuffix(".proto").replace("/", "_")
    return upper_camel(stem)
