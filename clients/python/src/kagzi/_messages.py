"""The messages of the contract under short names. Nothing else imports the generated code."""

from google.protobuf.duration_pb2 import Duration as Duration
from google.protobuf.timestamp_pb2 import Timestamp as Timestamp

from ._generated.kagzi.v1 import admin_service_pb2 as admin
from ._generated.kagzi.v1 import common_pb2 as common
from ._generated.kagzi.v1 import error_details_pb2 as details
from ._generated.kagzi.v1 import registry_service_pb2 as registry
from ._generated.kagzi.v1 import run_pb2 as run
from ._generated.kagzi.v1 import schedule_service_pb2 as schedule_service
from ._generated.kagzi.v1 import worker_pb2 as worker
from ._generated.kagzi.v1 import worker_service_pb2 as worker_service
from ._generated.kagzi.v1 import workflow_service_pb2 as workflow_service

__all__ = [
    "Duration",
    "Timestamp",
    "admin",
    "common",
    "details",
    "registry",
    "run",
    "schedule_service",
    "worker",
    "worker_service",
    "workflow_service",
]
