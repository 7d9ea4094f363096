"""Calls to a coordinator: addresses, channels, and gRPC's errors as the package's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import urlsplit

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message

from . import errors
from ._messages import details
from ._times import seconds_of

DEFAULT_ADDRESS = "127.0.0.1:7480"
DEFAULT_PORT = 7480

Response = TypeVar("Response", bound=Message)

_OPTIONS = [
    ("grpc.max_receive_message_length", -1),  # the coordinator's limits hold, not the client library's
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
]


class Addresses:
    """One or several coordinators; calls go to one, and to the next after it failed."""

    def __init__(self, target: str | None, credentials: grpc.ChannelCredentials | None) -> None:
        """`target` is `host:port`, several by commas; `https://` means TLS. None: KAGZI_ADDRESS, else the default."""
        target = target or os.environ.get("KAGZI_ADDRESS") or DEFAULT_ADDRESS
        self._addresses: list[str] = []
        for part in filter(None, (part.strip() for part in target.split(","))):
            scheme, separator, _ = part.partition("://")
            if separator and scheme == "https" and credentials is None:
                credentials = grpc.ssl_channel_credentials()
            self._addresses.append(_with_port(urlsplit(part).netloc if separator else part))
        if not self._addresses:
            raise ValueError("give the coordinator's address, such as 127.0.0.1:7480")
        self._credentials = credentials
        self._index = 0

    def __len__(self) -> int:
        return len(self._addresses)

    @property
    def current(self) -> str:
        """The address in use."""
        return self._addresses[self._index]

    def rotate(self) -> None:
        """Use the next one."""
        self._index = (self._index + 1) % len(self._addresses)

    def channel(self) -> grpc.aio.Channel:
        """A new channel to the address in use."""
        if self._credentials is None:
            return grpc.aio.insecure_channel(self.current, options=_OPTIONS)
        return grpc.aio.secure_channel(self.current, self._credentials, options=_OPTIONS)


def _with_port(address: str) -> str:
    host, _, port = address.rpartition(":")
    if port.isdigit() and host and not (host.count(":") and not host.endswith("]")):
        return address
    return f"[{address}]:{DEFAULT_PORT}" if address.count(":") > 1 else f"{address}:{DEFAULT_PORT}"


def unary(channel: grpc.aio.Channel, method: str, response: type[Response]) -> Callable[..., Any]:
    """A unary method by its path, such as `WorkflowService/GetRun`."""
    return channel.unary_unary(  # type: ignore[no-any-return]
        f"/kagzi.v1.{method}", request_serializer=_serialize, response_deserializer=response.FromString
    )


def stream(channel: grpc.aio.Channel, method: str, response: type[Response]) -> Callable[..., Any]:
    """A method whose answer is a stream."""
    return channel.unary_stream(  # type: ignore[no-any-return]
        f"/kagzi.v1.{method}", request_serializer=_serialize, response_deserializer=response.FromString
    )


def both_streams(channel: grpc.aio.Channel, method: str, response: type[Response]) -> Callable[..., Any]:
    """A method with streams both ways. Its requests are written as bytes."""
    return channel.stream_stream(f"/kagzi.v1.{method}", response_deserializer=response.FromString)  # type: ignore[no-any-return]


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()


def error_of(error: grpc.aio.AioRpcError) -> errors.RpcError:
    """The package's exception for a failed call, with the typed detail that came with it."""
    code = error.code().name
    message = error.details() or code
    for name, value in error.trailing_metadata() or ():
        if name == "grpc-status-details-bin":
            detail = _detail_of(value)
            if detail is not None:
                return _typed(detail, message, code)
    plain = _BY_CODE.get(code)
    return errors.RpcError(message, code=code) if plain is None else plain(message)


_BY_CODE: dict[str, type[errors.RpcError]] = {
    "NOT_FOUND": errors.NotFound,
    "ALREADY_EXISTS": errors.AlreadyStarted,
    "UNAVAILABLE": errors.Unavailable,
    "DEADLINE_EXCEEDED": errors.DeadlineExceeded,
    "UNIMPLEMENTED": errors.Unimplemented,
    "INVALID_ARGUMENT": errors.InvalidField,
}

_BY_DETAIL: dict[str, tuple[type[Message], type[errors.RpcError]]] = {
    "kagzi.v1.InvalidField": (details.InvalidField, errors.InvalidField),
    "kagzi.v1.RunNotFound": (details.RunNotFound, errors.RunNotFound),
    "kagzi.v1.ResourceNotFound": (details.ResourceNotFound, errors.NotFound),
    "kagzi.v1.AlreadyStarted": (details.AlreadyStarted, errors.AlreadyStarted),
    "kagzi.v1.ResourceExists": (details.ResourceExists, errors.AlreadyExists),
    "kagzi.v1.RunNotClosed": (details.RunNotClosed, errors.RunNotClosed),
    "kagzi.v1.VersionDeprecated": (details.VersionDeprecated, errors.VersionDeprecated),
    "kagzi.v1.RunClosed": (details.RunClosed, errors.RunClosed),
    "kagzi.v1.VersionNotRegistered": (details.VersionNotRegistered, errors.VersionNotRegistered),
    "kagzi.v1.LeaseLost": (details.LeaseLost, errors.LeaseLost),
    "kagzi.v1.SessionLost": (details.SessionLost, errors.SessionLost),
    "kagzi.v1.NamespaceDisabled": (details.NamespaceDisabled, errors.NamespaceDisabled),
    "kagzi.v1.PayloadTooLarge": (details.PayloadTooLarge, errors.PayloadTooLarge),
    "kagzi.v1.QueueFull": (details.QueueFull, errors.QueueFull),
    "kagzi.v1.StorageUnavailable": (details.StorageUnavailable, errors.Unavailable),
}


def _typed(detail: AnyMessage, message: str, code: str) -> errors.RpcError:
    known = _BY_DETAIL.get(detail.type_url.rpartition("/")[2])
    if known is None:
        return errors.RpcError(message, code=code)
    message_type, error_type = known
    error = error_type(message, code=code)
    try:
        body = message_type.FromString(detail.value)
    except DecodeError:
        return error
    for field in body.DESCRIPTOR.fields:
        if hasattr(error_type, field.name):
            value = getattr(body, field.name)
            setattr(error, field.name, seconds_of(value) if field.message_type is not None else value)
    return error


def _detail_of(status: bytes) -> AnyMessage | None:
    """The first detail of a serialized google.rpc.Status (code = 1, message = 2, details = 3)."""
    try:
        for number, value in _fields(status):
            if number == 3 and isinstance(value, bytes):
                return AnyMessage.FromString(value)
    except (IndexError, ValueError, DecodeError):
        pass
    return None


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    position = 0

    def varint() -> int:
        nonlocal position
        value = shift = 0
        while True:
            byte = data[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift > 63:
                raise ValueError("a varint of more than ten bytes")

    while position < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        elif key & 7 == 2:
            length = varint()
            yield key >> 3, data[position : position + length]
            position += length
        else:
            raise ValueError("a field that google.rpc.Status does not have")
