from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ...kagzi.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RunStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RUN_STATUS_UNSPECIFIED: _ClassVar[RunStatus]
    RUN_STATUS_PENDING: _ClassVar[RunStatus]
    RUN_STATUS_RUNNING: _ClassVar[RunStatus]
    RUN_STATUS_WAITING: _ClassVar[RunStatus]
    RUN_STATUS_SLEEPING: _ClassVar[RunStatus]
    RUN_STATUS_PAUSED: _ClassVar[RunStatus]
    RUN_STATUS_COMPLETED: _ClassVar[RunStatus]
    RUN_STATUS_FAILED: _ClassVar[RunStatus]
    RUN_STATUS_CANCELLED: _ClassVar[RunStatus]
    RUN_STATUS_TERMINATED: _ClassVar[RunStatus]
    RUN_STATUS_TIMED_OUT: _ClassVar[RunStatus]
    RUN_STATUS_CONTINUED: _ClassVar[RunStatus]

class StepKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STEP_KIND_UNSPECIFIED: _ClassVar[StepKind]
    STEP_KIND_LOCAL: _ClassVar[StepKind]
    STEP_KIND_ACTIVITY: _ClassVar[StepKind]
    STEP_KIND_SLEEP: _ClassVar[StepKind]
    STEP_KIND_CHILD: _ClassVar[StepKind]
    STEP_KIND_SIGNAL: _ClassVar[StepKind]

class StepState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STEP_STATE_UNSPECIFIED: _ClassVar[StepState]
    STEP_STATE_READY: _ClassVar[StepState]
    STEP_STATE_RUNNING: _ClassVar[StepState]
    STEP_STATE_WAITING: _ClassVar[StepState]
    STEP_STATE_RETRYING: _ClassVar[StepState]
    STEP_STATE_COMPLETED: _ClassVar[StepState]
    STEP_STATE_FAILED: _ClassVar[StepState]
    STEP_STATE_CANCELLED: _ClassVar[StepState]

class GroupStrategy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GROUP_STRATEGY_UNSPECIFIED: _ClassVar[GroupStrategy]
    GROUP_STRATEGY_FAIL_FAST: _ClassVar[GroupStrategy]
    GROUP_STRATEGY_COLLECT_ALL: _ClassVar[GroupStrategy]
    GROUP_STRATEGY_RACE: _ClassVar[GroupStrategy]
    GROUP_STRATEGY_QUORUM: _ClassVar[GroupStrategy]

class GroupVerdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GROUP_VERDICT_UNSPECIFIED: _ClassVar[GroupVerdict]
    GROUP_VERDICT_SUCCEEDED: _ClassVar[GroupVerdict]
    GROUP_VERDICT_FAILED: _ClassVar[GroupVerdict]
    GROUP_VERDICT_DEADLINE: _ClassVar[GroupVerdict]
    GROUP_VERDICT_CANCELLED: _ClassVar[GroupVerdict]
RUN_STATUS_UNSPECIFIED: RunStatus
RUN_STATUS_PENDING: RunStatus
RUN_STATUS_RUNNING: RunStatus
RUN_STATUS_WAITING: RunStatus
RUN_STATUS_SLEEPING: RunStatus
RUN_STATUS_PAUSED: RunStatus
RUN_STATUS_COMPLETED: RunStatus
RUN_STATUS_FAILED: RunStatus
RUN_STATUS_CANCELLED: RunStatus
RUN_STATUS_TERMINATED: RunStatus
RUN_STATUS_TIMED_OUT: RunStatus
RUN_STATUS_CONTINUED: RunStatus
STEP_KIND_UNSPECIFIED: StepKind
STEP_KIND_LOCAL: StepKind
STEP_KIND_ACTIVITY: StepKind
STEP_KIND_SLEEP: StepKind
STEP_KIND_CHILD: StepKind
STEP_KIND_SIGNAL: StepKind
STEP_STATE_UNSPECIFIED: StepState
STEP_STATE_READY: StepState
STEP_STATE_RUNNING: StepState
STEP_STATE_WAITING: StepState
STEP_STATE_RETRYING: StepState
STEP_STATE_COMPLETED: StepState
STEP_STATE_FAILED: StepState
STEP_STATE_CANCELLED: StepState
GROUP_STRATEGY_UNSPECIFIED: GroupStrategy
GROUP_STRATEGY_FAIL_FAST: GroupStrategy
GROUP_STRATEGY_COLLECT_ALL: GroupStrategy
GROUP_STRATEGY_RACE: GroupStrategy
GROUP_STRATEGY_QUORUM: GroupStrategy
GROUP_VERDICT_UNSPECIFIED: GroupVerdict
GROUP_VERDICT_SUCCEEDED: GroupVerdict
GROUP_VERDICT_FAILED: GroupVerdict
GROUP_VERDICT_DEADLINE: GroupVerdict
GROUP_VERDICT_CANCELLED: GroupVerdict

class Run(_message.Message):
    __slots__ = ("run_id", "workflow_id", "namespace", "workflow_type", "workflow_version", "task_queue", "status", "status_reason", "input", "output", "failure", "priority", "tags", "created_at", "started_at", "closed_at", "next_wake_at", "session_id", "sequence", "cancel_requested", "parent_run_id", "attempt", "parent_step", "related_run_id")
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_TYPE_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_VERSION_FIELD_NUMBER: _ClassVar[int]
    TASK_QUEUE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STATUS_REASON_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    CLOSED_AT_FIELD_NUMBER: _ClassVar[int]
    NEXT_WAKE_AT_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    PARENT_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    PARENT_STEP_FIELD_NUMBER: _ClassVar[int]
    RELATED_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    workflow_id: str
    namespace: str
    workflow_type: str
    workflow_version: int
    task_queue: str
    status: RunStatus
    status_reason: str
    input: _common_pb2.Payload
    output: _common_pb2.Payload
    failure: _common_pb2.Failure
    priority: int
    tags: _containers.ScalarMap[str, str]
    created_at: _timestamp_pb2.Timestamp
    started_at: _timestamp_pb2.Timestamp
    closed_at: _timestamp_pb2.Timestamp
    next_wake_at: _timestamp_pb2.Timestamp
    session_id: str
    sequence: int
    cancel_requested: bool
    parent_run_id: str
    attempt: int
    parent_step: str
    related_run_id: str
    def __init__(self, run_id: _Optional[str] = ..., workflow_id: _Optional[str] = ..., namespace: _Optional[str] = ..., workflow_type: _Optional[str] = ..., workflow_version: _Optional[int] = ..., task_queue: _Optional[str] = ..., status: _Optional[_Union[RunStatus, str]] = ..., status_reason: _Optional[str] = ..., input: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., output: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., failure: _Optional[_Union[_common_pb2.Failure, _Mapping]] = ..., priority: _Optional[int] = ..., tags: _Optional[_Mapping[str, str]] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., started_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., closed_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., next_wake_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., session_id: _Optional[str] = ..., sequence: _Optional[int] = ..., cancel_requested: bool = ..., parent_run_id: _Optional[str] = ..., attempt: _Optional[int] = ..., parent_step: _Optional[str] = ..., related_run_id: _Optional[str] = ...) -> None: ...

class Step(_message.Message):
    __slots__ = ("key", "kind", "state", "attempt", "group", "activity_type", "activity_version", "task_queue", "input", "output", "failure", "due_at", "progress", "session_id", "scheduled_at", "started_at", "settled_at", "scheduled_sequence", "settled_sequence", "child_run_id", "signal_name")
    KEY_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_TYPE_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_VERSION_FIELD_NUMBER: _ClassVar[int]
    TASK_QUEUE_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    SETTLED_AT_FIELD_NUMBER: _ClassVar[int]
    SCHEDULED_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SETTLED_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CHILD_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_NAME_FIELD_NUMBER: _ClassVar[int]
    key: str
    kind: StepKind
    state: StepState
    attempt: int
    group: str
    activity_type: str
    activity_version: int
    task_queue: str
    input: _common_pb2.Payload
    output: _common_pb2.Payload
    failure: _common_pb2.Failure
    due_at: _timestamp_pb2.Timestamp
    progress: _common_pb2.Payload
    session_id: str
    scheduled_at: _timestamp_pb2.Timestamp
    started_at: _timestamp_pb2.Timestamp
    settled_at: _timestamp_pb2.Timestamp
    scheduled_sequence: int
    settled_sequence: int
    child_run_id: str
    signal_name: str
    def __init__(self, key: _Optional[str] = ..., kind: _Optional[_Union[StepKind, str]] = ..., state: _Optional[_Union[StepState, str]] = ..., attempt: _Optional[int] = ..., group: _Optional[str] = ..., activity_type: _Optional[str] = ..., activity_version: _Optional[int] = ..., task_queue: _Optional[str] = ..., input: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., output: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., failure: _Optional[_Union[_common_pb2.Failure, _Mapping]] = ..., due_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., progress: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., session_id: _Optional[str] = ..., scheduled_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., started_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., settled_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., scheduled_sequence: _Optional[int] = ..., settled_sequence: _Optional[int] = ..., child_run_id: _Optional[str] = ..., signal_name: _Optional[str] = ...) -> None: ...

class Group(_message.Message):
    __slots__ = ("key", "strategy", "verdict", "member_count", "succeeded", "failed", "quorum", "max_concurrency", "winner", "parent_step", "opened_at", "resolved_at", "deadline_at")
    KEY_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    MEMBER_COUNT_FIELD_NUMBER: _ClassVar[int]
    SUCCEEDED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    QUORUM_FIELD_NUMBER: _ClassVar[int]
    MAX_CONCURRENCY_FIELD_NUMBER: _ClassVar[int]
    WINNER_FIELD_NUMBER: _ClassVar[int]
    PARENT_STEP_FIELD_NUMBER: _ClassVar[int]
    OPENED_AT_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_AT_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_AT_FIELD_NUMBER: _ClassVar[int]
    key: str
    strategy: GroupStrategy
    verdict: GroupVerdict
    member_count: int
    succeeded: int
    failed: int
    quorum: int
    max_concurrency: int
    winner: str
    parent_step: str
    opened_at: _timestamp_pb2.Timestamp
    resolved_at: _timestamp_pb2.Timestamp
    deadline_at: _timestamp_pb2.Timestamp
    def __init__(self, key: _Optional[str] = ..., strategy: _Optional[_Union[GroupStrategy, str]] = ..., verdict: _Optional[_Union[GroupVerdict, str]] = ..., member_count: _Optional[int] = ..., succeeded: _Optional[int] = ..., failed: _Optional[int] = ..., quorum: _Optional[int] = ..., max_concurrency: _Optional[int] = ..., winner: _Optional[str] = ..., parent_step: _Optional[str] = ..., opened_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., resolved_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., deadline_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class StepAttempt(_message.Message):
    __slots__ = ("step", "attempt", "worker_id", "started_at", "ended_at", "failure", "retry_delay", "sequence")
    STEP_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    RETRY_DELAY_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    step: str
    attempt: int
    worker_id: str
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    failure: _common_pb2.Failure
    retry_delay: _duration_pb2.Duration
    sequence: int
    def __init__(self, step: _Optional[str] = ..., attempt: _Optional[int] = ..., worker_id: _Optional[str] = ..., started_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., failure: _Optional[_Union[_common_pb2.Failure, _Mapping]] = ..., retry_delay: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., sequence: _Optional[int] = ...) -> None: ...

class RunFilter(_message.Message):
    __slots__ = ("statuses", "workflow_type", "workflow_version", "workflow_id", "workflow_id_prefix", "task_queue", "tags", "created_after", "created_before", "parent_run_id")
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_TYPE_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_VERSION_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_PREFIX_FIELD_NUMBER: _ClassVar[int]
    TASK_QUEUE_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AFTER_FIELD_NUMBER: _ClassVar[int]
    CREATED_BEFORE_FIELD_NUMBER: _ClassVar[int]
    PARENT_RUN_ID_FIELD_NUMBER: _ClassVar[int]
    statuses: _containers.RepeatedScalarFieldContainer[RunStatus]
    workflow_type: str
    workflow_version: int
    workflow_id: str
    workflow_id_prefix: str
    task_queue: str
    tags: _containers.ScalarMap[str, str]
    created_after: _timestamp_pb2.Timestamp
    created_before: _timestamp_pb2.Timestamp
    parent_run_id: str
    def __init__(self, statuses: _Optional[_Iterable[_Union[RunStatus, str]]] = ..., workflow_type: _Optional[str] = ..., workflow_version: _Optional[int] = ..., workflow_id: _Optional[str] = ..., workflow_id_prefix: _Optional[str] = ..., task_queue: _Optional[str] = ..., tags: _Optional[_Mapping[str, str]] = ..., created_after: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., created_before: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., parent_run_id: _Optional[str] = ...) -> None: ...
