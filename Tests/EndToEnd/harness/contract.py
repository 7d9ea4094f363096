"""The generated messages of the contract under short names."""

from kagzi._generated.kagzi.v1 import admin_service_pb2 as admin
from kagzi._generated.kagzi.v1 import common_pb2 as common
from kagzi._generated.kagzi.v1 import error_details_pb2 as details
from kagzi._generated.kagzi.v1 import registry_service_pb2 as registry
from kagzi._generated.kagzi.v1 import run_pb2 as run
from kagzi._generated.kagzi.v1 import schedule_service_pb2 as schedule_service
from kagzi._generated.kagzi.v1 import worker_pb2 as worker
from kagzi._generated.kagzi.v1 import worker_service_pb2 as worker_service
from kagzi._generated.kagzi.v1 import workflow_service_pb2 as workflow_service

__all__ = [
    "admin", "common", "details", "registry", "run", "schedule_service", "worker", "worker_service", "workflow_service",
]  # fmt: skip
