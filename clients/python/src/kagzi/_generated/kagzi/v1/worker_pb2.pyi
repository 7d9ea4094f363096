from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from ...kagzi.v1 import common_pb2 as _common_pb2
from ...kagzi.v1 import run_pb2 as _run_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ParentClosePolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PARENT_CLOSE_POLICY_UNSPECIFIED: _ClassVar[ParentClosePolicy]
    PARENT_CLOSE_POLICY_CANCEL: _ClassVar[ParentClosePolicy]
    PARENT_CLOSE_POLICY_TERMINATE: _ClassVar[ParentClosePolicy]
    PARENT_CLOSE_POLICY_ABANDON: _ClassVar[ParentClosePolicy]

class RejectionReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REJECTION_REASON_UNSPECIFIED: _ClassVar[RejectionReason]
    REJECTION_REASON_LEASE_LOST: _ClassVar[RejectionReason]
    REJECTION_REASON_INVALID: _ClassVar[RejectionReason]
    REJECTION_REASON_LIMIT: _ClassVar[RejectionReason]
    REJECTION_REASON_UNAVAILABLE: _ClassVar[RejectionReason]
PARENT_CLOSE_POLICY_UNSPECIFIED: ParentClosePolicy
PARENT_CLOSE_POLICY_CANCEL: ParentClosePolicy
PARENT_CLOSE_POLICY_TERMINATE: ParentClosePolicy
PARENT_CLOSE_POLICY_ABANDON: ParentClosePolicy
REJECTION_REASON_UNSPECIFIED: RejectionReason
REJECTION_REASON_LEASE_LOST: RejectionReason
REJECTION_REASON_INVALID: RejectionReason
REJECTION_REASON_LIMIT: RejectionReason
REJECTION_REASON_UNAVAILABLE: RejectionReason

class Hello(_message.Message):
    __slots__ = ("worker_id", "session_id", "held_tokens", "takes_batches")
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    HELD_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TAKES_BATCHES_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    session_id: str
    held_tokens: _containers.RepeatedScalarFieldContainer[bytes]
    takes_batches: bool
    def __init__(self, worker_id: _Optional[str] = ..., session_id: _Optional[str] = ..., held_tokens: _Optional[_Iterable[bytes]] = ..., takes_batches: bool = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("session_id", "lease_duration", "heartbeat_interval", "limits", "resumed")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_DURATION_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    lease_duration: _duration_pb2.Duration
    heartbeat_interval: _duration_pb2.Duration
    limits: WorkerLimits
    resumed: bool
    def __init__(self, session_id: _Optional[str] = ..., lease_duration: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., heartbeat_interval: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., limits: _Optional[_Union[WorkerLimits, _Mapping]] = ..., resumed: bool = ...) -> None: ...

class WorkerLimits(_message.Message):
    __slots__ = ("max_payload_bytes", "max_report_items", "accept_timeout", "max_reports")
    MAX_PAYLOAD_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_REPORT_ITEMS_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    MAX_REPORTS_FIELD_NUMBER: _ClassVar[int]
    max_payload_bytes: int
    max_report_items: int
    accept_timeout: _duration_pb2.Duration
    max_reports: int
    def __init__(self, max_payload_bytes: _Optional[int] = ..., max_report_items: _Optional[int] = ..., accept_timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., max_reports: _Optional[int] = ...) -> None: ...

class SlotGrant(_message.Message):
    __slots__ = ("workflow_slots", "activity_slots")
    WORKFLOW_SLOTS_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_SLOTS_FIELD_NUMBER: _ClassVar[int]
    workflow_slots: int
    activity_slots: int
    def __init__(self, workflow_slots: _Optional[int] = ..., activity_slots: _Optional[int] = ...) -> None: ...

class TaskAccepted(_message.Message):
    __slots__ = ("tokens",)
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    tokens: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, tokens: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Beat(_message.Message):
    __slots__ = ("progress", "active_workflows", "active_activities", "draining")
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_WORKFLOWS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    progress: _containers.RepeatedCompositeFieldContainer[ActivityProgress]
    active_workflows: int
    active_activities: int
    draining: bool
    def __init__(self, progress: _Optional[_Iterable[_Union[ActivityProgress, _Mapping]]] = ..., active_workflows: _Optional[int] = ..., active_activities: _Optional[int] = ..., draining: bool = ...) -> None: ...

class ActivityProgress(_message.Message):
    __slots__ = ("token", "details")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    token: bytes
    details: _common_pb2.Payload
    def __init__(self, token: _Optional[bytes] = ..., details: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ...) -> None: ...

class BeatAnswer(_message.Message):
    __slots__ = ("now",)
    NOW_FIELD_NUMBER: _ClassVar[int]
    now: _timestamp_pb2.Timestamp
    def __init__(self, now: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Goodbye(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class CancelTask(_message.Message):
    __slots__ = ("token", "reason")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    token: bytes
    reason: str
    def __init__(self, token: _Optional[bytes] = ..., reason: _Optional[str] = ...) -> None: ...

class GroupsResolved(_message.Message):
    __slots__ = ("token", "groups", "steps", "more_steps_token")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    MORE_STEPS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: bytes
    groups: _containers.RepeatedCompositeFieldContainer[GroupRecord]
    steps: _containers.RepeatedCompositeFieldContainer[StepRecord]
    more_steps_token: str
    def __init__(self, token: _Optional[bytes] = ..., groups: _Optional[_Iterable[_Union[GroupRecord, _Mapping]]] = ..., steps: _Optional[_Iterable[_Union[StepRecord, _Mapping]]] = ..., more_steps_token: _Optional[str] = ...) -> None: ...

class TaskLost(_message.Message):
    __slots__ = ("tokens", "reason")
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    tokens: _containers.RepeatedScalarFieldContainer[bytes]
    reason: str
    def __init__(self, tokens: _Optional[_Iterable[bytes]] = ..., reason: _Optional[str] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ("timeout", "reconnect", "reason")
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    RECONNECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    timeout: _duration_pb2.Duration
    reconnect: bool
    reason: str
    def __init__(self, timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., reconnect: bool = ..., reason: _Optional[str] = ...) -> None: ...

class Task(_message.Message):
    __slots__ = ("token", "run_id", "workflow_id", "workflow_type", "workflow_version", "attempt", "deadline", "headers", "workflow", "activity", "namespace")
    class HeadersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_TYPE_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_VERSION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    token: bytes
    run_id: str
    workflow_id: str
    workflow_type: str
    workflow_version: int
    attempt: int
    deadline: _timestamp_pb2.Timestamp
    headers: _containers.ScalarMap[str, str]
    workflow: WorkflowTask
    activity: ActivityTask
    namespace: str
    def __init__(self, token: _Optional[bytes] = ..., run_id: _Optional[str] = ..., workflow_id: _Optional[str] = ..., workflow_type: _Optional[str] = ..., workflow_version: _Optional[int] = ..., attempt: _Optional[int] = ..., deadline: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., headers: _Optional[_Mapping[str, str]] = ..., workflow: _Optional[_Union[WorkflowTask, _Mapping]] = ..., activity: _Optional[_Union[ActivityTask, _Mapping]] = ..., namespace: _Optional[str] = ...) -> None: ...

class WorkflowTask(_message.Message):
    __slots__ = ("input", "delta", "steps", "more_steps_token", "cancel_requested", "cancel_reason", "now", "seed", "groups")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    MORE_STEPS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REQUESTED_FIELD_NUMBER: _ClassVar[int]
    CANCEL_REASON_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    input: _common_pb2.Payload
    delta: bool
    steps: _containers.RepeatedCompositeFieldContainer[StepRecord]
    more_steps_token: str
    cancel_requested: bool
    cancel_reason: str
    now: _timestamp_pb2.Timestamp
    seed: int
    groups: _containers.RepeatedCompositeFieldContainer[GroupRecord]
    def __init__(self, input: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., delta: bool = ..., steps: _Optional[_Iterable[_Union[StepRecord, _Mapping]]] = ..., more_steps_token: _Optional[str] = ..., cancel_requested: bool = ..., cancel_reason: _Optional[str] = ..., now: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., seed: _Optional[int] = ..., groups: _Optional[_Iterable[_Union[GroupRecord, _Mapping]]] = ...) -> None: ...

class StepRecord(_message.Message):
    __slots__ = ("key", "kind", "state", "attempt", "output", "failure", "group", "retry_delay")
    KEY_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    RETRY_DELAY_FIELD_NUMBER: _ClassVar[int]
    key: str
    kind: _run_pb2.StepKind
    state: _run_pb2.StepState
    attempt: int
    output: _common_pb2.Payload
    failure: _common_pb2.Failure
    group: str
    retry_delay: _duration_pb2.Duration
    def __init__(self, key: _Optional[str] = ..., kind: _Optional[_Union[_run_pb2.StepKind, str]] = ..., state: _Optional[_Union[_run_pb2.StepState, str]] = ..., attempt: _Optional[int] = ..., output: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., failure: _Optional[_Union[_common_pb2.Failure, _Mapping]] = ..., group: _Optional[str] = ..., retry_delay: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class GroupRecord(_message.Message):
    __slots__ = ("key", "verdict", "winner", "succeeded", "failed", "failed_step")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    WINNER_FIELD_NUMBER: _ClassVar[int]
    SUCCEEDED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    FAILED_STEP_FIELD_NUMBER: _ClassVar[int]
    key: str
    verdict: _run_pb2.GroupVerdict
    winner: str
    succeeded: int
    failed: int
    failed_step: str
    def __init__(self, key: _Optional[str] = ..., verdict: _Optional[_Union[_run_pb2.GroupVerdict, str]] = ..., winner: _Optional[str] = ..., succeeded: _Optional[int] = ..., failed: _Optional[int] = ..., failed_step: _Optional[str] = ...) -> None: ...

class ActivityTask(_message.Message):
    __slots__ = ("activity_type", "activity_version", "step", "input", "progress", "heartbeat_timeout", "start_to_close_timeout")
    ACTIVITY_TYPE_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_VERSION_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    START_TO_CLOSE_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    activity_type: str
    activity_version: int
    step: str
    input: _common_pb2.Payload
    progress: _common_pb2.Payload
    heartbeat_timeout: _duration_pb2.Duration
    start_to_close_timeout: _duration_pb2.Duration
    def __init__(self, activity_type: _Optional[str] = ..., activity_version: _Optional[int] = ..., step: _Optional[str] = ..., input: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., progress: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., heartbeat_timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., start_to_close_timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class TaskReport(_message.Message):
    __slots__ = ("report_id", "token", "workflow", "activity", "grant")
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    report_id: int
    token: bytes
    workflow: WorkflowReport
    activity: ActivityReport
    grant: SlotGrant
    def __init__(self, report_id: _Optional[int] = ..., token: _Optional[bytes] = ..., workflow: _Optional[_Union[WorkflowReport, _Mapping]] = ..., activity: _Optional[_Union[ActivityReport, _Mapping]] = ..., grant: _Optional[_Union[SlotGrant, _Mapping]] = ...) -> None: ...

class WorkflowReport(_message.Message):
    __slots__ = ("results", "commands", "suspend", "complete", "fail", "continue_as_new", "give_back", "park")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    CONTINUE_FIELD_NUMBER: _ClassVar[int]
    SUSPEND_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    FAIL_FIELD_NUMBER: _ClassVar[int]
    CONTINUE_AS_NEW_FIELD_NUMBER: _ClassVar[int]
    GIVE_BACK_FIELD_NUMBER: _ClassVar[int]
    PARK_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[StepResult]
    commands: _containers.RepeatedCompositeFieldContainer[Command]
    suspend: Suspend
    complete: Complete
    fail: Fail
    continue_as_new: ContinueAsNew
    give_back: GiveBack
    park: Park
    def __init__(self, results: _Optional[_Iterable[_Union[StepResult, _Mapping]]] = ..., commands: _Optional[_Iterable[_Union[Command, _Mapping]]] = ..., suspend: _Optional[_Union[Suspend, _Mapping]] = ..., complete: _Optional[_Union[Complete, _Mapping]] = ..., fail: _Optional[_Union[Fail, _Mapping]] = ..., continue_as_new: _Optional[_Union[ContinueAsNew, _Mapping]] = ..., give_back: _Optional[_Union[GiveBack, _Mapping]] = ..., park: _Optional[_Union[Park, _Mapping]] = ..., **kwargs) -> None: ...

class Continue(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Suspend(_message.Message):
    __slots__ = ("sticky",)
    STICKY_FIELD_NUMBER: _ClassVar[int]
    sticky: bool
    def __init__(self, sticky: bool = ...) -> None: ...

class Complete(_message.Message):
    __slots__ = ("output",)
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    output: _common_pb2.Payload
    def __init__(self, output: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ...) -> None: ...

class Fail(_message.Message):
    __slots__ = ("failure",)
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    failure: _common_pb2.Failure
    def __init__(self, failure: _Optional[_Union[_common_pb2.Failure, _Mapping]] = ...) -> None: ...

class ContinueAsNew(_message.Message):
    __slots__ = ("input", "workflow_version")
    INPUT_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_VERSION_FIELD_NUMBER: _ClassVar[int]
    input: _common_pb2.Payload
    workflow_version: int
    def __init__(self, input: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., workflow_version: _Optional[int] = ...) -> None: ...

class GiveBack(_message.Message):
    __slots__ = ("reason", "evicted")
    REASON_FIELD_NUMBER: _ClassVar[int]
    EVICTED_FIELD_NUMBER: _ClassVar[int]
    reason: str
    evicted: bool
    def __init__(self, reason: _Optional[str] = ..., evicted: bool = ...) -> None: ...

class Park(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class StepResult(_message.Message):
    __slots__ = ("key", "attempt", "output", "failure", "retry_policy", "duration", "group")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    RETRY_POLICY_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    key: str
    attempt: int
    output: _common_pb2.Payload
    failure: _common_pb2.Failure
    retry_policy: _common_pb2.RetryPolicy
    duration: _duration_pb2.Duration
    group: str
    def __init__(self, key: _Optional[str] = ..., attempt: _Optional[int] = ..., output: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., failure: _Optional[_Union[_common_pb2.Failure, _Mapping]] = ..., retry_policy: _Optional[_Union[_common_pb2.RetryPolicy, _Mapping]] = ..., duration: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., group: _Optional[str] = ...) -> None: ...

class Command(_message.Message):
    __slots__ = ("schedule_activity", "start_timer", "open_group", "start_child", "await_signal", "cancel_step")
    SCHEDULE_ACTIVITY_FIELD_NUMBER: _ClassVar[int]
    START_TIMER_FIELD_NUMBER: _ClassVar[int]
    OPEN_GROUP_FIELD_NUMBER: _ClassVar[int]
    START_CHILD_FIELD_NUMBER: _ClassVar[int]
    AWAIT_SIGNAL_FIELD_NUMBER: _ClassVar[int]
    CANCEL_STEP_FIELD_NUMBER: _ClassVar[int]
    schedule_activity: ScheduleActivity
    start_timer: StartTimer
    open_group: OpenGroup
    start_child: StartChild
    await_signal: AwaitSignal
    cancel_step: CancelStep
    def __init__(self, schedule_activity: _Optional[_Union[ScheduleActivity, _Mapping]] = ..., start_timer: _Optional[_Union[StartTimer, _Mapping]] = ..., open_group: _Optional[_Union[OpenGroup, _Mapping]] = ..., start_child: _Optional[_Union[StartChild, _Mapping]] = ..., await_signal: _Optional[_Union[AwaitSignal, _Mapping]] = ..., cancel_step: _Optional[_Union[CancelStep, _Mapping]] = ...) -> None: ...

class ScheduleActivity(_message.Message):
    __slots__ = ("key", "activity_type", "activity_version", "task_queue", "input", "retry_policy", "schedule_to_start_timeout", "start_to_close_timeout", "schedule_to_close_timeout", "heartbeat_timeout", "priority", "group")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_TYPE_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_VERSION_FIELD_NUMBER: _ClassVar[int]
    TASK_QUEUE_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    RETRY_POLICY_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_TO_START_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    START_TO_CLOSE_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_TO_CLOSE_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    key: str
    activity_type: str
    activity_version: int
    task_queue: str
    input: _common_pb2.Payload
    retry_policy: _common_pb2.RetryPolicy
    schedule_to_start_timeout: _duration_pb2.Duration
    start_to_close_timeout: _duration_pb2.Duration
    schedule_to_close_timeout: _duration_pb2.Duration
    heartbeat_timeout: _duration_pb2.Duration
    priority: int
    group: str
    def __init__(self, key: _Optional[str] = ..., activity_type: _Optional[str] = ..., activity_version: _Optional[int] = ..., task_queue: _Optional[str] = ..., input: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., retry_policy: _Optional[_Union[_common_pb2.RetryPolicy, _Mapping]] = ..., schedule_to_start_timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., start_to_close_timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., schedule_to_close_timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., heartbeat_timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., priority: _Optional[int] = ..., group: _Optional[str] = ...) -> None: ...

class StartTimer(_message.Message):
    __slots__ = ("key", "delay", "fire_at")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DELAY_FIELD_NUMBER: _ClassVar[int]
    FIRE_AT_FIELD_NUMBER: _ClassVar[int]
    key: str
    delay: _duration_pb2.Duration
    fire_at: _timestamp_pb2.Timestamp
    def __init__(self, key: _Optional[str] = ..., delay: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., fire_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class OpenGroup(_message.Message):
    __slots__ = ("key", "strategy", "member_count", "quorum", "deadline", "max_concurrency", "parent_step")
    KEY_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    MEMBER_COUNT_FIELD_NUMBER: _ClassVar[int]
    QUORUM_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    MAX_CONCURRENCY_FIELD_NUMBER: _ClassVar[int]
    PARENT_STEP_FIELD_NUMBER: _ClassVar[int]
    key: str
    strategy: _run_pb2.GroupStrategy
    member_count: int
    quorum: int
    deadline: _duration_pb2.Duration
    max_concurrency: int
    parent_step: str
    def __init__(self, key: _Optional[str] = ..., strategy: _Optional[_Union[_run_pb2.GroupStrategy, str]] = ..., member_count: _Optional[int] = ..., quorum: _Optional[int] = ..., deadline: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., max_concurrency: _Optional[int] = ..., parent_step: _Optional[str] = ...) -> None: ...

class StartChild(_message.Message):
    __slots__ = ("key", "workflow_type", "workflow_version", "workflow_id", "task_queue", "input", "parent_close_policy", "run_timeout", "retry_policy", "tags", "group")
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    KEY_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_TYPE_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_VERSION_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_QUEUE_FIELD_NUMBER: _ClassVar[int]
    INPUT_FIELD_NUMBER: _ClassVar[int]
    PARENT_CLOSE_POLICY_FIELD_NUMBER: _ClassVar[int]
    RUN_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    RETRY_POLICY_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    key: str
    workflow_type: str
    workflow_version: int
    workflow_id: str
    task_queue: str
    input: _common_pb2.Payload
    parent_close_policy: ParentClosePolicy
    run_timeout: _duration_pb2.Duration
    retry_policy: _common_pb2.RetryPolicy
    tags: _containers.ScalarMap[str, str]
    group: str
    def __init__(self, key: _Optional[str] = ..., workflow_type: _Optional[str] = ..., workflow_version: _Optional[int] = ..., workflow_id: _Optional[str] = ..., task_queue: _Optional[str] = ..., input: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., parent_close_policy: _Optional[_Union[ParentClosePolicy, str]] = ..., run_timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., retry_policy: _Optional[_Union[_common_pb2.RetryPolicy, _Mapping]] = ..., tags: _Optional[_Mapping[str, str]] = ..., group: _Optional[str] = ...) -> None: ...

class AwaitSignal(_message.Message):
    __slots__ = ("key", "signal_name", "timeout")
    KEY_FIELD_NUMBER: _ClassVar[int]
    SIGNAL_NAME_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    key: str
    signal_name: str
    timeout: _duration_pb2.Duration
    def __init__(self, key: _Optional[str] = ..., signal_name: _Optional[str] = ..., timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class CancelStep(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: str
    def __init__(self, key: _Optional[str] = ...) -> None: ...

class ActivityReport(_message.Message):
    __slots__ = ("output", "failure", "cancelled", "completes_later", "give_back")
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_FIELD_NUMBER: _ClassVar[int]
    COMPLETES_LATER_FIELD_NUMBER: _ClassVar[int]
    GIVE_BACK_FIELD_NUMBER: _ClassVar[int]
    output: _common_pb2.Payload
    failure: _common_pb2.Failure
    cancelled: Cancelled
    completes_later: CompletesLater
    give_back: GiveBack
    def __init__(self, output: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., failure: _Optional[_Union[_common_pb2.Failure, _Mapping]] = ..., cancelled: _Optional[_Union[Cancelled, _Mapping]] = ..., completes_later: _Optional[_Union[CompletesLater, _Mapping]] = ..., give_back: _Optional[_Union[GiveBack, _Mapping]] = ...) -> None: ...

class Cancelled(_message.Message):
    __slots__ = ("message",)
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: str
    def __init__(self, message: _Optional[str] = ...) -> None: ...

class CompletesLater(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReportAnswer(_message.Message):
    __slots__ = ("report_id", "decisions", "rejection", "resolved_groups")
    REPORT_ID_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    REJECTION_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_GROUPS_FIELD_NUMBER: _ClassVar[int]
    report_id: int
    decisions: _containers.RepeatedCompositeFieldContainer[StepDecision]
    rejection: Rejection
    resolved_groups: _containers.RepeatedCompositeFieldContainer[GroupRecord]
    def __init__(self, report_id: _Optional[int] = ..., decisions: _Optional[_Iterable[_Union[StepDecision, _Mapping]]] = ..., rejection: _Optional[_Union[Rejection, _Mapping]] = ..., resolved_groups: _Optional[_Iterable[_Union[GroupRecord, _Mapping]]] = ...) -> None: ...

class StepDecision(_message.Message):
    __slots__ = ("key", "recorded", "retry", "failed_for_good")
    KEY_FIELD_NUMBER: _ClassVar[int]
    RECORDED_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    FAILED_FOR_GOOD_FIELD_NUMBER: _ClassVar[int]
    key: str
    recorded: Recorded
    retry: Retry
    failed_for_good: FailedForGood
    def __init__(self, key: _Optional[str] = ..., recorded: _Optional[_Union[Recorded, _Mapping]] = ..., retry: _Optional[_Union[Retry, _Mapping]] = ..., failed_for_good: _Optional[_Union[FailedForGood, _Mapping]] = ...) -> None: ...

class Recorded(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Retry(_message.Message):
    __slots__ = ("next_attempt", "delay", "in_place")
    NEXT_ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    DELAY_FIELD_NUMBER: _ClassVar[int]
    IN_PLACE_FIELD_NUMBER: _ClassVar[int]
    next_attempt: int
    delay: _duration_pb2.Duration
    in_place: bool
    def __init__(self, next_attempt: _Optional[int] = ..., delay: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., in_place: bool = ...) -> None: ...

class FailedForGood(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class Rejection(_message.Message):
    __slots__ = ("reason", "message")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: RejectionReason
    message: str
    def __init__(self, reason: _Optional[_Union[RejectionReason, str]] = ..., message: _Optional[str] = ...) -> None: ...
