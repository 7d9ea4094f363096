from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Shade(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SHADE_UNSPECIFIED: _ClassVar[Shade]
    SHADE_LIGHT: _ClassVar[Shade]
    SHADE_DARK: _ClassVar[Shade]
    SHADE_NEGATIVE: _ClassVar[Shade]
SHADE_UNSPECIFIED: Shade
SHADE_LIGHT: Shade
SHADE_DARK: Shade
SHADE_NEGATIVE: Shade

class EchoRequest(_message.Message):
    __slots__ = ("body", "repeat", "delay", "fail_with_code", "fail_with_message", "leaf")
    BODY_FIELD_NUMBER: _ClassVar[int]
    REPEAT_FIELD_NUMBER: _ClassVar[int]
    DELAY_FIELD_NUMBER: _ClassVar[int]
    FAIL_WITH_CODE_FIELD_NUMBER: _ClassVar[int]
    FAIL_WITH_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    LEAF_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    repeat: int
    delay: _duration_pb2.Duration
    fail_with_code: int
    fail_with_message: str
    leaf: Leaf
    def __init__(self, body: _Optional[bytes] = ..., repeat: _Optional[int] = ..., delay: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., fail_with_code: _Optional[int] = ..., fail_with_message: _Optional[str] = ..., leaf: _Optional[_Union[Leaf, _Mapping]] = ...) -> None: ...

class EchoResponse(_message.Message):
    __slots__ = ("body", "sequence", "leaf")
    BODY_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LEAF_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    sequence: int
    leaf: Leaf
    def __init__(self, body: _Optional[bytes] = ..., sequence: _Optional[int] = ..., leaf: _Optional[_Union[Leaf, _Mapping]] = ...) -> None: ...

class Sample(_message.Message):
    __slots__ = ("int32_value", "int64_value", "uint32_value", "uint64_value", "sint32_value", "sint64_value", "fixed32_value", "fixed64_value", "sfixed32_value", "sfixed64_value", "float_value", "double_value", "bool_value", "text", "data", "shade", "leaf", "time", "span", "optional_number", "optional_text", "optional_data", "optional_bool", "optional_double", "optional_shade", "numbers", "doubles", "bools", "shades", "texts", "datas", "leaves", "labels", "leaf_by_number", "shade_by_bool", "choice_number", "choice_text", "choice_data", "choice_leaf", "choice_shade", "choice_double", "choice_bool", "nested", "default", "namespace")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class LeafByNumberEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: int
        value: Leaf
        def __init__(self, key: _Optional[int] = ..., value: _Optional[_Union[Leaf, _Mapping]] = ...) -> None: ...
    class ShadeByBoolEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: bool
        value: Shade
        def __init__(self, key: bool = ..., value: _Optional[_Union[Shade, str]] = ...) -> None: ...
    class Nested(_message.Message):
        __slots__ = ("name", "kind")
        class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
            __slots__ = ()
            KIND_UNSPECIFIED: _ClassVar[Sample.Nested.Kind]
            KIND_ONLY: _ClassVar[Sample.Nested.Kind]
        KIND_UNSPECIFIED: Sample.Nested.Kind
        KIND_ONLY: Sample.Nested.Kind
        NAME_FIELD_NUMBER: _ClassVar[int]
        KIND_FIELD_NUMBER: _ClassVar[int]
        name: str
        kind: Sample.Nested.Kind
        def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[Sample.Nested.Kind, str]] = ...) -> None: ...
    INT32_VALUE_FIELD_NUMBER: _ClassVar[int]
    INT64_VALUE_FIELD_NUMBER: _ClassVar[int]
    UINT32_VALUE_FIELD_NUMBER: _ClassVar[int]
    UINT64_VALUE_FIELD_NUMBER: _ClassVar[int]
    SINT32_VALUE_FIELD_NUMBER: _ClassVar[int]
    SINT64_VALUE_FIELD_NUMBER: _ClassVar[int]
    FIXED32_VALUE_FIELD_NUMBER: _ClassVar[int]
    FIXED64_VALUE_FIELD_NUMBER: _ClassVar[int]
    SFIXED32_VALUE_FIELD_NUMBER: _ClassVar[int]
    SFIXED64_VALUE_FIELD_NUMBER: _ClassVar[int]
    FLOAT_VALUE_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_VALUE_FIELD_NUMBER: _ClassVar[int]
    BOOL_VALUE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    SHADE_FIELD_NUMBER: _ClassVar[int]
    LEAF_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    SPAN_FIELD_NUMBER: _ClassVar[int]
    OPTIONAL_NUMBER_FIELD_NUMBER: _ClassVar[int]
    OPTIONAL_TEXT_FIELD_NUMBER: _ClassVar[int]
    OPTIONAL_DATA_FIELD_NUMBER: _ClassVar[int]
    OPTIONAL_BOOL_FIELD_NUMBER: _ClassVar[int]
    OPTIONAL_DOUBLE_FIELD_NUMBER: _ClassVar[int]
    OPTIONAL_SHADE_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    DOUBLES_FIELD_NUMBER: _ClassVar[int]
    BOOLS_FIELD_NUMBER: _ClassVar[int]
    SHADES_FIELD_NUMBER: _ClassVar[int]
    TEXTS_FIELD_NUMBER: _ClassVar[int]
    DATAS_FIELD_NUMBER: _ClassVar[int]
    LEAVES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    LEAF_BY_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SHADE_BY_BOOL_FIELD_NUMBER: _ClassVar[int]
    CHOICE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CHOICE_TEXT_FIELD_NUMBER: _ClassVar[int]
    CHOICE_DATA_FIELD_NUMBER: _ClassVar[int]
    CHOICE_LEAF_FIELD_NUMBER: _ClassVar[int]
    CHOICE_SHADE_FIELD_NUMBER: _ClassVar[int]
    CHOICE_DOUBLE_FIELD_NUMBER: _ClassVar[int]
    CHOICE_BOOL_FIELD_NUMBER: _ClassVar[int]
    NESTED_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    int32_value: int
    int64_value: int
    uint32_value: int
    uint64_value: int
    sint32_value: int
    sint64_value: int
    fixed32_value: int
    fixed64_value: int
    sfixed32_value: int
    sfixed64_value: int
    float_value: float
    double_value: float
    bool_value: bool
    text: str
    data: bytes
    shade: Shade
    leaf: Leaf
    time: _timestamp_pb2.Timestamp
    span: _duration_pb2.Duration
    optional_number: int
    optional_text: str
    optional_data: bytes
    optional_bool: bool
    optional_double: float
    optional_shade: Shade
    numbers: _containers.RepeatedScalarFieldContainer[int]
    doubles: _containers.RepeatedScalarFieldContainer[float]
    bools: _containers.RepeatedScalarFieldContainer[bool]
    shades: _containers.RepeatedScalarFieldContainer[Shade]
    texts: _containers.RepeatedScalarFieldContainer[str]
    datas: _containers.RepeatedScalarFieldContainer[bytes]
    leaves: _containers.RepeatedCompositeFieldContainer[Leaf]
    labels: _containers.ScalarMap[str, str]
    leaf_by_number: _containers.MessageMap[int, Leaf]
    shade_by_bool: _containers.ScalarMap[bool, Shade]
    choice_number: int
    choice_text: str
    choice_data: bytes
    choice_leaf: Leaf
    choice_shade: Shade
    choice_double: float
    choice_bool: bool
    nested: Sample.Nested
    default: str
    namespace: str
    def __init__(self, int32_value: _Optional[int] = ..., int64_value: _Optional[int] = ..., uint32_value: _Optional[int] = ..., uint64_value: _Optional[int] = ..., sint32_value: _Optional[int] = ..., sint64_value: _Optional[int] = ..., fixed32_value: _Optional[int] = ..., fixed64_value: _Optional[int] = ..., sfixed32_value: _Optional[int] = ..., sfixed64_value: _Optional[int] = ..., float_value: _Optional[float] = ..., double_value: _Optional[float] = ..., bool_value: bool = ..., text: _Optional[str] = ..., data: _Optional[bytes] = ..., shade: _Optional[_Union[Shade, str]] = ..., leaf: _Optional[_Union[Leaf, _Mapping]] = ..., time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., span: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., optional_number: _Optional[int] = ..., optional_text: _Optional[str] = ..., optional_data: _Optional[bytes] = ..., optional_bool: bool = ..., optional_double: _Optional[float] = ..., optional_shade: _Optional[_Union[Shade, str]] = ..., numbers: _Optional[_Iterable[int]] = ..., doubles: _Optional[_Iterable[float]] = ..., bools: _Optional[_Iterable[bool]] = ..., shades: _Optional[_Iterable[_Union[Shade, str]]] = ..., texts: _Optional[_Iterable[str]] = ..., datas: _Optional[_Iterable[bytes]] = ..., leaves: _Optional[_Iterable[_Union[Leaf, _Mapping]]] = ..., labels: _Optional[_Mapping[str, str]] = ..., leaf_by_number: _Optional[_Mapping[int, Leaf]] = ..., shade_by_bool: _Optional[_Mapping[bool, Shade]] = ..., choice_number: _Optional[int] = ..., choice_text: _Optional[str] = ..., choice_data: _Optional[bytes] = ..., choice_leaf: _Optional[_Union[Leaf, _Mapping]] = ..., choice_shade: _Optional[_Union[Shade, str]] = ..., choice_double: _Optional[float] = ..., choice_bool: bool = ..., nested: _Optional[_Union[Sample.Nested, _Mapping]] = ..., default: _Optional[str] = ..., namespace: _Optional[str] = ...) -> None: ...

class Leaf(_message.Message):
    __slots__ = ("name", "value", "weight")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    weight: int
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ..., weight: _Optional[int] = ...) -> None: ...
