"""Real processes and raw protocol sessions for the end-to-end tests."""

from .contract import admin, common, details, registry, run, worker, worker_service, workflow_service
from .coordinator import Coordinator
from .postgres import Postgres
from .processes import Process, free_port
from .raw import (
    Ended, RawWorker, await_signal, cancel_step, child, detail_of, duration, local_failure, local_result, open_group, payload, policy, schedule, timer,
)  # fmt: skip
from .service import Service

__all__ = [
    "Coordinator", "Ended", "Postgres", "Process", "RawWorker", "Service", "admin", "await_signal", "cancel_step", "child", "common", "detail_of", "details", "duration",
    "free_port", "local_failure", "local_result", "open_group", "payload", "policy", "registry", "schedule", "timer", "run", "worker", "worker_service", "workflow_service",
]  # fmt: skip
