from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ...kagzi.v1 import run_pb2 as _run_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TypeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TYPE_KIND_UNSPECIFIED: _ClassVar[TypeKind]
    TYPE_KIND_WORKFLOW: _ClassVar[TypeKind]
    TYPE_KIND_ACTIVITY: _ClassVar[TypeKind]
TYPE_KIND_UNSPECIFIED: TypeKind
TYPE_KIND_WORKFLOW: TypeKind
TYPE_KIND_ACTIVITY: TypeKind

class VersionWeight(_message.Message):
    __slots__ = ("version", "percent")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    version: int
    percent: float
    def __init__(self, version: _Optional[int] = ..., percent: _Optional[float] = ...) -> None: ...

class VersionDescription(_message.Message):
    __slots__ = ("version", "deprecated", "percent", "open_count", "live_workers", "drained", "first_registered_at", "last_registered_at")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DEPRECATED_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    OPEN_COUNT_FIELD_NUMBER: _ClassVar[int]
    LIVE_WORKERS_FIELD_NUMBER: _ClassVar[int]
    DRAINED_FIELD_NUMBER: _ClassVar[int]
    FIRST_REGISTERED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_REGISTERED_AT_FIELD_NUMBER: _ClassVar[int]
    version: int
    deprecated: bool
    percent: float
    open_count: int
    live_workers: int
    drained: bool
    first_registered_at: _timestamp_pb2.Timestamp
    last_registered_at: _timestamp_pb2.Timestamp
    def __init__(self, version: _Optional[int] = ..., deprecated: bool = ..., percent: _Optional[float] = ..., open_count: _Optional[int] = ..., live_workers: _Optional[int] = ..., drained: bool = ..., first_registered_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., last_registered_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TypeDescription(_message.Message):
    __slots__ = ("type", "default_version", "versions")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_VERSION_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    type: str
    default_version: int
    versions: _containers.RepeatedCompositeFieldContainer[VersionDescription]
    def __init__(self, type: _Optional[str] = ..., default_version: _Optional[int] = ..., versions: _Optional[_Iterable[_Union[VersionDescription, _Mapping]]] = ...) -> None: ...

class SetDefaultVersionRequest(_message.Message):
    __slots__ = ("namespace", "kind", "type", "version")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    kind: TypeKind
    type: str
    version: int
    def __init__(self, namespace: _Optional[str] = ..., kind: _Optional[_Union[TypeKind, str]] = ..., type: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class SetDefaultVersionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetRolloutRequest(_message.Message):
    __slots__ = ("namespace", "kind", "type", "weights")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    WEIGHTS_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    kind: TypeKind
    type: str
    weights: _containers.RepeatedCompositeFieldContainer[VersionWeight]
    def __init__(self, namespace: _Optional[str] = ..., kind: _Optional[_Union[TypeKind, str]] = ..., type: _Optional[str] = ..., weights: _Optional[_Iterable[_Union[VersionWeight, _Mapping]]] = ...) -> None: ...

class SetRolloutResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeprecateVersionRequest(_message.Message):
    __slots__ = ("namespace", "kind", "type", "version", "undo")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    UNDO_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    kind: TypeKind
    type: str
    version: int
    undo: bool
    def __init__(self, namespace: _Optional[str] = ..., kind: _Optional[_Union[TypeKind, str]] = ..., type: _Optional[str] = ..., version: _Optional[int] = ..., undo: bool = ...) -> None: ...

class DeprecateVersionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeWorkflowTypeRequest(_message.Message):
    __slots__ = ("namespace", "type")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    type: str
    def __init__(self, namespace: _Optional[str] = ..., type: _Optional[str] = ...) -> None: ...

class DescribeWorkflowTypeResponse(_message.Message):
    __slots__ = ("description",)
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    description: TypeDescription
    def __init__(self, description: _Optional[_Union[TypeDescription, _Mapping]] = ...) -> None: ...

class ListWorkflowTypesRequest(_message.Message):
    __slots__ = ("namespace", "page_size", "page_token")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    page_size: int
    page_token: str
    def __init__(self, namespace: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListWorkflowTypesResponse(_message.Message):
    __slots__ = ("types", "next_page_token")
    TYPES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    types: _containers.RepeatedCompositeFieldContainer[TypeDescription]
    next_page_token: str
    def __init__(self, types: _Optional[_Iterable[_Union[TypeDescription, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DescribeActivityTypeRequest(_message.Message):
    __slots__ = ("namespace", "type")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    type: str
    def __init__(self, namespace: _Optional[str] = ..., type: _Optional[str] = ...) -> None: ...

class DescribeActivityTypeResponse(_message.Message):
    __slots__ = ("description",)
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    description: TypeDescription
    def __init__(self, description: _Optional[_Union[TypeDescription, _Mapping]] = ...) -> None: ...

class ListActivityTypesRequest(_message.Message):
    __slots__ = ("namespace", "page_size", "page_token")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    page_size: int
    page_token: str
    def __init__(self, namespace: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListActivityTypesResponse(_message.Message):
    __slots__ = ("types", "next_page_token")
    TYPES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    types: _containers.RepeatedCompositeFieldContainer[TypeDescription]
    next_page_token: str
    def __init__(self, types: _Optional[_Iterable[_Union[TypeDescription, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class MoveRunsRequest(_message.Message):
    __slots__ = ("namespace", "workflow_type", "from_version", "to_version", "filter", "dry_run")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_TYPE_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    DRY_RUN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    workflow_type: str
    from_version: int
    to_version: int
    filter: _run_pb2.RunFilter
    dry_run: bool
    def __init__(self, namespace: _Optional[str] = ..., workflow_type: _Optional[str] = ..., from_version: _Optional[int] = ..., to_version: _Optional[int] = ..., filter: _Optional[_Union[_run_pb2.RunFilter, _Mapping]] = ..., dry_run: bool = ...) -> None: ...

class MoveRunsResponse(_message.Message):
    __slots__ = ("total", "moved", "conflicts", "finished")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    MOVED_FIELD_NUMBER: _ClassVar[int]
    CONFLICTS_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    total: int
    moved: int
    conflicts: _containers.RepeatedScalarFieldContainer[str]
    finished: bool
    def __init__(self, total: _Optional[int] = ..., moved: _Optional[int] = ..., conflicts: _Optional[_Iterable[str]] = ..., finished: bool = ...) -> None: ...
