"""Between Python values and payloads: JSON by default, `bytes` as they are, None as `null`."""

from __future__ import annotations

import base64
import dataclasses
import enum
import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import PurePath
from typing import Any, Union, get_args, get_origin
from uuid import UUID

from ._messages import common
from .errors import KagziError


class PayloadError(KagziError, ValueError):
    """A value cannot be turned into a payload, or a payload not into the type that was asked for."""


def encode(value: Any) -> common.Payload:
    """The payload of a value."""
    if value is None:
        return common.Payload(encoding="null")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return common.Payload(encoding="bytes", data=bytes(value))
    if isinstance(value, common.Payload):
        return value
    serialize = getattr(value, "SerializeToString", None)
    if serialize is not None and hasattr(value, "DESCRIPTOR"):
        return common.Payload(encoding="protobuf", data=serialize(), metadata={"message": value.DESCRIPTOR.full_name})
    try:
        text = _encoder.encode(value)
        return common.Payload(encoding="json", data=text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise PayloadError(f"a {type(value).__qualname__} cannot be stored as JSON: {error}") from error


def decode(payload: common.Payload, hint: Any = Any) -> Any:
    """The value of a payload, as the type that `hint` asks for. Without a hint: what JSON gives."""
    encoding = payload.encoding
    if encoding == "null":
        value = None
    elif encoding == "json":
        try:
            value = json.loads(payload.data.decode())  # decoded here: json would first guess the encoding
        except ValueError as error:
            raise PayloadError(f"the payload is not valid JSON: {error}") from error
    elif encoding == "protobuf":
        parse = getattr(hint, "FromString", None)
        return payload.data if parse is None else parse(payload.data)
    else:
        return payload.data
    if hint is Any:
        return value
    return _convert(value, hint)


def roundtrip(payload: common.Payload, value: Any, hint: Any) -> Any:
    """What a replay will see of a value that was just encoded, so that the first pass sees the same."""
    if value is None or value is True or value is False or type(value) in (str, int, float):
        if hint is Any or type(value) is hint:
            return value
    return decode(payload, hint)


def _plain(value: Any) -> Any:
    """One value that JSON does not know, as values that it knows."""
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (UUID, Decimal, PurePath)):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, Set):
        return sorted(value, key=repr)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence):
        return list(value)
    raise TypeError(f"{type(value).__qualname__} is not a JSON type, a dataclass or a model")


_encoder = json.JSONEncoder(default=_plain, separators=(",", ":"), ensure_ascii=False, allow_nan=False)

_Converter = Callable[[Any], Any]


def _convert(value: Any, hint: Any) -> Any:
    try:
        converter = _converter(hint)
    except TypeError:  # an unhashable hint
        converter = _make_converter(hint)
    try:
        return converter(value)
    except PayloadError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
        raise PayloadError(f"cannot read {_name(hint)} from {_short(value)}: {error}") from error


@lru_cache(maxsize=4096)
def _converter(hint: Any) -> _Converter:
    return _make_converter(hint)


def _make_converter(hint: Any) -> _Converter:
    if hint is Any or hint is object or isinstance(hint, (typing.TypeVar, str)):
        return _same
    if hint is None or hint is type(None):
        return _none
    if isinstance(hint, typing.NewType):
        return _lazy(hint.__supertype__)
    origin = get_origin(hint)
    if origin is not None:
        return _generic(hint, origin, get_args(hint))
    if not isinstance(hint, type):
        return _same
    validate = getattr(hint, "model_validate", None)
    if validate is not None:
        return typing.cast(_Converter, validate)
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint)
    if typing.is_typeddict(hint):
        return _typed_dict(hint)
    if issubclass(hint, tuple) and hasattr(hint, "_fields"):
        return _named_tuple(hint)
    if issubclass(hint, (enum.Enum, PurePath)):
        return hint
    return _SCALARS.get(hint) or _expect(hint)


def _lazy(hint: Any) -> _Converter:
    """A converter that is looked up at its first use, so that types may refer to themselves."""
    return lambda value: _convert(value, hint)


def _generic(hint: Any, origin: Any, arguments: tuple[Any, ...]) -> _Converter:
    if origin is Union or origin is types.UnionType:
        return _union(hint, arguments)
    if origin is typing.Literal:
        return _literal(hint, arguments)
    if origin is typing.Annotated:
        return _lazy(arguments[0])
    if origin is tuple:
        return _tuple(arguments)
    if isinstance(origin, type) and hasattr(origin, "model_validate"):
        return typing.cast(_Converter, hint.model_validate)
    if isinstance(origin, type) and dataclasses.is_dataclass(origin):
        return _dataclass(origin)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, item = (_lazy(argument) for argument in (arguments or (Any, Any)))
        return lambda value: {_key(key, name): item(each) for name, each in _is(value, dict).items()}
    if isinstance(origin, type) and issubclass(origin, Set):
        member = _lazy(arguments[0])
        collection = frozenset if issubclass(origin, frozenset) else set
        return lambda value: collection(member(each) for each in _is(value, list))
    if isinstance(origin, type) and issubclass(origin, typing.Iterable):
        element = _lazy(arguments[0])
        return lambda value: [element(each) for each in _is(value, list)]
    return _same


def _key(converter: _Converter, name: str) -> Any:
    """JSON's keys are text; a mapping by numbers comes back by numbers."""
    try:
        return converter(name)
    except PayloadError:
        return converter(json.loads(name))


def _union(hint: Any, arguments: tuple[Any, ...]) -> _Converter:
    members = [(argument, _lazy(argument)) for argument in arguments]

    def convert(value: Any) -> Any:
        if value is None and type(None) in arguments:
            return None
        for argument, _ in members:
            if type(value) is argument:
                return value
        for _, converter in members:
            try:
                return converter(value)
            except (ValueError, TypeError):
                continue
        raise PayloadError(f"{_short(value)} is none of {hint}")

    return convert


def _literal(hint: Any, arguments: tuple[Any, ...]) -> _Converter:
    def convert(value: Any) -> Any:
        for argument in arguments:
            if value == (argument.value if isinstance(argument, enum.Enum) else argument):
                return argument
        raise PayloadError(f"{_short(value)} is not one of {hint}")

    return convert


def _tuple(arguments: tuple[Any, ...]) -> _Converter:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        element = _lazy(arguments[0])
        return lambda value: tuple(element(each) for each in _is(value, list))
    members = [_lazy(argument) for argument in arguments]

    def convert(value: Any) -> Any:
        if len(_is(value, list)) != len(members):
            raise PayloadError(f"expected {len(members)} elements, got {len(value)}")
        return tuple(member(each) for member, each in zip(members, value, strict=True))

    return convert


def _dataclass(hint: Any) -> _Converter:
    hints = typing.get_type_hints(hint)
    fields = [(field.name, _lazy(hints[field.name])) for field in dataclasses.fields(hint) if field.init]

    def convert(value: Any) -> Any:
        if isinstance(value, hint):
            return value
        known = _is(value, dict)
        return hint(**{name: converter(known[name]) for name, converter in fields if name in known})

    return convert


def _typed_dict(hint: Any) -> _Converter:
    fields = {name: _lazy(_bare(each)) for name, each in typing.get_type_hints(hint).items()}
    required = hint.__required_keys__

    def convert(value: Any) -> Any:
        missing = required - _is(value, dict).keys()
        if missing:
            raise PayloadError(f"{hint.__name__} lacks {', '.join(sorted(missing))}")
        return {name: fields[name](each) if name in fields else each for name, each in value.items()}

    return convert


def _bare(hint: Any) -> Any:
    """What `Required[…]` or `NotRequired[…]` wraps."""
    name = getattr(get_origin(hint), "_name", "")
    return get_args(hint)[0] if name in ("Required", "NotRequired", "ReadOnly") else hint


def _named_tuple(hint: Any) -> _Converter:
    hints = typing.get_type_hints(hint)
    members = [_lazy(hints.get(name, Any)) for name in hint._fields]
    return lambda value: hint(*(member(each) for member, each in zip(members, _is(value, list), strict=True)))


def _same(value: Any) -> Any:
    return value


def _none(value: Any) -> Any:
    if value is not None:
        raise PayloadError(f"expected nothing, got {_short(value)}")
    return None


def _expect(hint: type) -> _Converter:
    return lambda value: _is(value, hint)


def _is(value: Any, hint: type) -> Any:
    if not isinstance(value, hint):
        raise PayloadError(f"expected {_name(hint)}, got {_short(value)}")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PayloadError(f"expected a number, got {_short(value)}")
    return float(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        if isinstance(value, float) and value.is_integer():
            return int(value)
        raise PayloadError(f"expected an integer, got {_short(value)}")
    return value


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else base64.b64decode(_is(value, str), validate=True)


def _datetime(value: Any) -> datetime:
    text = _is(value, str)
    return datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)


_SCALARS: dict[Any, _Converter] = {
    int: _integer,
    float: _number,
    bytes: _bytes,
    datetime: _datetime,
    date: lambda value: date.fromisoformat(_is(value, str)),
    time: lambda value: time.fromisoformat(_is(value, str)),
    timedelta: lambda value: timedelta(seconds=_number(value)),
    UUID: lambda value: UUID(_is(value, str)),
    Decimal: lambda value: Decimal(value if isinstance(value, int) else _is(value, str)),
    set: lambda value: set(_is(value, list)),
    frozenset: lambda value: frozenset(_is(value, list)),
    tuple: lambda value: tuple(_is(value, list)),
}


def _name(hint: Any) -> str:
    return getattr(hint, "__qualname__", None) or str(hint)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
