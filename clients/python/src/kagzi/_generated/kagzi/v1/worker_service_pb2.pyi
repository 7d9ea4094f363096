from google.protobuf import duration_pb2 as _duration_pb2
from ...kagzi.v1 import common_pb2 as _common_pb2
from ...kagzi.v1 import worker_pb2 as _worker_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RegisterWorkerRequest(_message.Message):
    __slots__ = ("worker_id", "namespace", "task_queues", "workflows", "activities", "workflow_slots", "activity_slots", "hostname", "pid", "sdk_name", "sdk_version", "labels", "lease_duration", "heartbeat_interval")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    WORKER_ID_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    TASK_QUEUES_FIELD_NUMBER: _ClassVar[int]
    WORKFLOWS_FIELD_NUMBER: _ClassVar[int]
    ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_SLOTS_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_SLOTS_FIELD_NUMBER: _ClassVar[int]
    HOSTNAME_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    SDK_NAME_FIELD_NUMBER: _ClassVar[int]
    SDK_VERSION_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    LEASE_DURATION_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    worker_id: str
    namespace: str
    task_queues: _containers.RepeatedScalarFieldContainer[str]
    workflows: _containers.RepeatedCompositeFieldContainer[_common_pb2.TypeVersion]
    activities: _containers.RepeatedCompositeFieldContainer[_common_pb2.TypeVersion]
    workflow_slots: int
    activity_slots: int
    hostname: str
    pid: int
    sdk_name: str
    sdk_version: str
    labels: _containers.ScalarMap[str, str]
    lease_duration: _duration_pb2.Duration
    heartbeat_interval: _duration_pb2.Duration
    def __init__(self, worker_id: _Optional[str] = ..., namespace: _Optional[str] = ..., task_queues: _Optional[_Iterable[str]] = ..., workflows: _Optional[_Iterable[_Union[_common_pb2.TypeVersion, _Mapping]]] = ..., activities: _Optional[_Iterable[_Union[_common_pb2.TypeVersion, _Mapping]]] = ..., workflow_slots: _Optional[int] = ..., activity_slots: _Optional[int] = ..., hostname: _Optional[str] = ..., pid: _Optional[int] = ..., sdk_name: _Optional[str] = ..., sdk_version: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., lease_duration: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., heartbeat_interval: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class RegisterWorkerResponse(_message.Message):
    __slots__ = ("session_id", "lease_duration", "heartbeat_interval", "limits")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_DURATION_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    lease_duration: _duration_pb2.Duration
    heartbeat_interval: _duration_pb2.Duration
    limits: _worker_pb2.WorkerLimits
    def __init__(self, session_id: _Optional[str] = ..., lease_duration: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., heartbeat_interval: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., limits: _Optional[_Union[_worker_pb2.WorkerLimits, _Mapping]] = ...) -> None: ...

class WorkRequest(_message.Message):
    __slots__ = ("hello", "grant", "accepted", "report", "beat", "goodbye", "reports")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    GRANT_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    BEAT_FIELD_NUMBER: _ClassVar[int]
    GOODBYE_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    hello: _worker_pb2.Hello
    grant: _worker_pb2.SlotGrant
    accepted: _worker_pb2.TaskAccepted
    report: _worker_pb2.TaskReport
    beat: _worker_pb2.Beat
    goodbye: _worker_pb2.Goodbye
    reports: _containers.RepeatedCompositeFieldContainer[_worker_pb2.TaskReport]
    def __init__(self, hello: _Optional[_Union[_worker_pb2.Hello, _Mapping]] = ..., grant: _Optional[_Union[_worker_pb2.SlotGrant, _Mapping]] = ..., accepted: _Optional[_Union[_worker_pb2.TaskAccepted, _Mapping]] = ..., report: _Optional[_Union[_worker_pb2.TaskReport, _Mapping]] = ..., beat: _Optional[_Union[_worker_pb2.Beat, _Mapping]] = ..., goodbye: _Optional[_Union[_worker_pb2.Goodbye, _Mapping]] = ..., reports: _Optional[_Iterable[_Union[_worker_pb2.TaskReport, _Mapping]]] = ...) -> None: ...

class WorkResponse(_message.Message):
    __slots__ = ("welcome", "task", "answer", "cancel", "lost", "drain", "beat", "groups", "tasks", "answers")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    BEAT_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    welcome: _worker_pb2.Welcome
    task: _worker_pb2.Task
    answer: _worker_pb2.ReportAnswer
    cancel: _worker_pb2.CancelTask
    lost: _worker_pb2.TaskLost
    drain: _worker_pb2.Drain
    beat: _worker_pb2.BeatAnswer
    groups: _worker_pb2.GroupsResolved
    tasks: _containers.RepeatedCompositeFieldContainer[_worker_pb2.Task]
    answers: _containers.RepeatedCompositeFieldContainer[_worker_pb2.ReportAnswer]
    def __init__(self, welcome: _Optional[_Union[_worker_pb2.Welcome, _Mapping]] = ..., task: _Optional[_Union[_worker_pb2.Task, _Mapping]] = ..., answer: _Optional[_Union[_worker_pb2.ReportAnswer, _Mapping]] = ..., cancel: _Optional[_Union[_worker_pb2.CancelTask, _Mapping]] = ..., lost: _Optional[_Union[_worker_pb2.TaskLost, _Mapping]] = ..., drain: _Optional[_Union[_worker_pb2.Drain, _Mapping]] = ..., beat: _Optional[_Union[_worker_pb2.BeatAnswer, _Mapping]] = ..., groups: _Optional[_Union[_worker_pb2.GroupsResolved, _Mapping]] = ..., tasks: _Optional[_Iterable[_Union[_worker_pb2.Task, _Mapping]]] = ..., answers: _Optional[_Iterable[_Union[_worker_pb2.ReportAnswer, _Mapping]]] = ...) -> None: ...

class ClaimTasksRequest(_message.Message):
    __slots__ = ("session_id", "workflow_slots", "activity_slots", "wait")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    WORKFLOW_SLOTS_FIELD_NUMBER: _ClassVar[int]
    ACTIVITY_SLOTS_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    workflow_slots: int
    activity_slots: int
    wait: _duration_pb2.Duration
    def __init__(self, session_id: _Optional[str] = ..., workflow_slots: _Optional[int] = ..., activity_slots: _Optional[int] = ..., wait: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ClaimTasksResponse(_message.Message):
    __slots__ = ("tasks",)
    TASKS_FIELD_NUMBER: _ClassVar[int]
    tasks: _containers.RepeatedCompositeFieldContainer[_worker_pb2.Task]
    def __init__(self, tasks: _Optional[_Iterable[_Union[_worker_pb2.Task, _Mapping]]] = ...) -> None: ...

class ReportTasksRequest(_message.Message):
    __slots__ = ("session_id", "accepted", "reports")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    accepted: _worker_pb2.TaskAccepted
    reports: _containers.RepeatedCompositeFieldContainer[_worker_pb2.TaskReport]
    def __init__(self, session_id: _Optional[str] = ..., accepted: _Optional[_Union[_worker_pb2.TaskAccepted, _Mapping]] = ..., reports: _Optional[_Iterable[_Union[_worker_pb2.TaskReport, _Mapping]]] = ...) -> None: ...

class ReportTasksResponse(_message.Message):
    __slots__ = ("answers",)
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    answers: _containers.RepeatedCompositeFieldContainer[_worker_pb2.ReportAnswer]
    def __init__(self, answers: _Optional[_Iterable[_Union[_worker_pb2.ReportAnswer, _Mapping]]] = ...) -> None: ...

class HeartbeatRequest(_message.Message):
    __slots__ = ("session_id", "accepted", "beat")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    BEAT_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    accepted: _worker_pb2.TaskAccepted
    beat: _worker_pb2.Beat
    def __init__(self, session_id: _Optional[str] = ..., accepted: _Optional[_Union[_worker_pb2.TaskAccepted, _Mapping]] = ..., beat: _Optional[_Union[_worker_pb2.Beat, _Mapping]] = ...) -> None: ...

class HeartbeatResponse(_message.Message):
    __slots__ = ("beat", "cancel", "lost", "drain", "groups")
    BEAT_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    beat: _worker_pb2.BeatAnswer
    cancel: _worker_pb2.CancelTask
    lost: _worker_pb2.TaskLost
    drain: _worker_pb2.Drain
    groups: _worker_pb2.GroupsResolved
    def __init__(self, beat: _Optional[_Union[_worker_pb2.BeatAnswer, _Mapping]] = ..., cancel: _Optional[_Union[_worker_pb2.CancelTask, _Mapping]] = ..., lost: _Optional[_Union[_worker_pb2.TaskLost, _Mapping]] = ..., drain: _Optional[_Union[_worker_pb2.Drain, _Mapping]] = ..., groups: _Optional[_Union[_worker_pb2.GroupsResolved, _Mapping]] = ...) -> None: ...

class FetchStepsRequest(_message.Message):
    __slots__ = ("token", "more_steps_token")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    MORE_STEPS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: bytes
    more_steps_token: str
    def __init__(self, token: _Optional[bytes] = ..., more_steps_token: _Optional[str] = ...) -> None: ...

class FetchStepsResponse(_message.Message):
    __slots__ = ("steps", "more_steps_token")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    MORE_STEPS_TOKEN_FIELD_NUMBER: _ClassVar[int]
    steps: _containers.RepeatedCompositeFieldContainer[_worker_pb2.StepRecord]
    more_steps_token: str
    def __init__(self, steps: _Optional[_Iterable[_Union[_worker_pb2.StepRecord, _Mapping]]] = ..., more_steps_token: _Optional[str] = ...) -> None: ...

class CompleteActivityRequest(_message.Message):
    __slots__ = ("token", "output", "failure")
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    token: bytes
    output: _common_pb2.Payload
    failure: _common_pb2.Failure
    def __init__(self, token: _Optional[bytes] = ..., output: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ..., failure: _Optional[_Union[_common_pb2.Failure, _Mapping]] = ...) -> None: ...

class CompleteActivityResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeregisterWorkerRequest(_message.Message):
    __slots__ = ("session_id", "reason")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    reason: str
    def __init__(self, session_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class DeregisterWorkerResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
