from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_KIND_UNSPECIFIED: _ClassVar[ErrorKind]
    ERROR_KIND_NETWORK_ERROR: _ClassVar[ErrorKind]
    ERROR_KIND_SERVICE_UNAVAILABLE: _ClassVar[ErrorKind]
    ERROR_KIND_RATE_LIMITED: _ClassVar[ErrorKind]
    ERROR_KIND_TIMEOUT: _ClassVar[ErrorKind]
    ERROR_KIND_DATABASE_ERROR: _ClassVar[ErrorKind]
    ERROR_KIND_WORKER_LOST: _ClassVar[ErrorKind]
    ERROR_KIND_VALIDATION_FAILED: _ClassVar[ErrorKind]
    ERROR_KIND_NOT_FOUND: _ClassVar[ErrorKind]
    ERROR_KIND_PERMISSION_DENIED: _ClassVar[ErrorKind]
    ERROR_KIND_INVALID_INPUT: _ClassVar[ErrorKind]
    ERROR_KIND_BUSINESS_LOGIC_ERROR: _ClassVar[ErrorKind]
    ERROR_KIND_CANCELLED: _ClassVar[ErrorKind]
    ERROR_KIND_UNKNOWN: _ClassVar[ErrorKind]

class RetryPredicate(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RETRY_PREDICATE_UNSPECIFIED: _ClassVar[RetryPredicate]
    RETRY_PREDICATE_ON_RETRYABLE_ERROR: _ClassVar[RetryPredicate]
    RETRY_PREDICATE_ON_ANY_ERROR: _ClassVar[RetryPredicate]
    RETRY_PREDICATE_NEVER: _ClassVar[RetryPredicate]
    RETRY_PREDICATE_ON_ERROR_KIND: _ClassVar[RetryPredicate]
ERROR_KIND_UNSPECIFIED: ErrorKind
ERROR_KIND_NETWORK_ERROR: ErrorKind
ERROR_KIND_SERVICE_UNAVAILABLE: ErrorKind
ERROR_KIND_RATE_LIMITED: ErrorKind
ERROR_KIND_TIMEOUT: ErrorKind
ERROR_KIND_DATABASE_ERROR: ErrorKind
ERROR_KIND_WORKER_LOST: ErrorKind
ERROR_KIND_VALIDATION_FAILED: ErrorKind
ERROR_KIND_NOT_FOUND: ErrorKind
ERROR_KIND_PERMISSION_DENIED: ErrorKind
ERROR_KIND_INVALID_INPUT: ErrorKind
ERROR_KIND_BUSINESS_LOGIC_ERROR: ErrorKind
ERROR_KIND_CANCELLED: ErrorKind
ERROR_KIND_UNKNOWN: ErrorKind
RETRY_PREDICATE_UNSPECIFIED: RetryPredicate
RETRY_PREDICATE_ON_RETRYABLE_ERROR: RetryPredicate
RETRY_PREDICATE_ON_ANY_ERROR: RetryPredicate
RETRY_PREDICATE_NEVER: RetryPredicate
RETRY_PREDICATE_ON_ERROR_KIND: RetryPredicate

class Payload(_message.Message):
    __slots__ = ("data", "encoding", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DATA_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    encoding: str
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, data: _Optional[bytes] = ..., encoding: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("kind", "message", "code", "retryable", "retry_after", "details", "context", "source", "stack_trace", "causes")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    STACK_TRACE_FIELD_NUMBER: _ClassVar[int]
    CAUSES_FIELD_NUMBER: _ClassVar[int]
    kind: ErrorKind
    message: str
    code: str
    retryable: bool
    retry_after: _duration_pb2.Duration
    details: Payload
    context: _containers.ScalarMap[str, str]
    source: str
    stack_trace: str
    causes: _containers.RepeatedCompositeFieldContainer[FailureCause]
    def __init__(self, kind: _Optional[_Union[ErrorKind, str]] = ..., message: _Optional[str] = ..., code: _Optional[str] = ..., retryable: bool = ..., retry_after: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., details: _Optional[_Union[Payload, _Mapping]] = ..., context: _Optional[_Mapping[str, str]] = ..., source: _Optional[str] = ..., stack_trace: _Optional[str] = ..., causes: _Optional[_Iterable[_Union[FailureCause, _Mapping]]] = ...) -> None: ...

class FailureCause(_message.Message):
    __slots__ = ("kind", "message", "code", "source", "stack_trace")
    KIND_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    STACK_TRACE_FIELD_NUMBER: _ClassVar[int]
    kind: ErrorKind
    message: str
    code: str
    source: str
    stack_trace: str
    def __init__(self, kind: _Optional[_Union[ErrorKind, str]] = ..., message: _Optional[str] = ..., code: _Optional[str] = ..., source: _Optional[str] = ..., stack_trace: _Optional[str] = ...) -> None: ...

class RetryPolicy(_message.Message):
    __slots__ = ("max_attempts", "initial_interval", "max_interval", "multiplier", "jitter", "max_elapsed", "predicate", "kinds", "non_retryable_codes")
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    INITIAL_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    MAX_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    MULTIPLIER_FIELD_NUMBER: _ClassVar[int]
    JITTER_FIELD_NUMBER: _ClassVar[int]
    MAX_ELAPSED_FIELD_NUMBER: _ClassVar[int]
    PREDICATE_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    NON_RETRYABLE_CODES_FIELD_NUMBER: _ClassVar[int]
    max_attempts: int
    initial_interval: _duration_pb2.Duration
    max_interval: _duration_pb2.Duration
    multiplier: float
    jitter: float
    max_elapsed: _duration_pb2.Duration
    predicate: RetryPredicate
    kinds: _containers.RepeatedScalarFieldContainer[ErrorKind]
    non_retryable_codes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, max_attempts: _Optional[int] = ..., initial_interval: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., max_interval: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., multiplier: _Optional[float] = ..., jitter: _Optional[float] = ..., max_elapsed: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., predicate: _Optional[_Union[RetryPredicate, str]] = ..., kinds: _Optional[_Iterable[_Union[ErrorKind, str]]] = ..., non_retryable_codes: _Optional[_Iterable[str]] = ...) -> None: ...

class TypeVersion(_message.Message):
    __slots__ = ("type", "version")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    type: str
    version: int
    def __init__(self, type: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...
