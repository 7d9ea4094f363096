"""Asks for pages of runs by each filter and prints, as JSON, how long they took. Arguments: address, rounds."""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from kagzi._generated.kagzi.v1 import registry_service_pb2, registry_service_pb2_grpc, run_pb2
from kagzi._generated.kagzi.v1 import workflow_service_pb2 as messages
from kagzi._generated.kagzi.v1 import workflow_service_pb2_grpc


def days_ago(days: float) -> Timestamp:
    instant = Timestamp()
    instant.FromMilliseconds(int((time.time() - days * 86_400) * 1_000))
    return instant


# By name: the filter, and whether an index finds its runs.
FILTERS: dict[str, tuple[dict[str, Any], bool]] = {
    "no filter": ({}, True),
    "by type": ({"workflow_type": "type-1"}, True),
    "by a type that has no runs": ({"workflow_type": "nothing"}, True),
    "by type and version": ({"workflow_type": "type-1", "workflow_version": 2}, True),
    "by type and status FAILED": ({"workflow_type": "type-11", "statuses": [7]}, True),
    "by status FAILED": ({"statuses": [7]}, True),
    "by status TIMED_OUT, of which there are none": ({"statuses": [10]}, True),
    "by status COMPLETED": ({"statuses": [6]}, True),
    "by status PAUSED": ({"statuses": [5]}, True),
    "by status RUNNING, of which there are none": ({"statuses": [2]}, True),
    "open or failed": ({"statuses": [1, 2, 3, 4, 5, 7]}, True),
    "by workflow id": ({"workflow_id": "customer-5-999965"}, True),
    "by workflow ids that begin so, few": ({"workflow_id_prefix": "customer-7-99999"}, True),
    "by workflow ids that begin so, many": ({"workflow_id_prefix": "customer-7-"}, True),
    "by workflow ids that begin so, none": ({"workflow_id_prefix": "nobody-"}, True),
    "by a rare tag": ({"tags": {"tier": "gold"}}, True),
    "by a frequent tag": ({"tags": {"tier": "free"}}, True),
    "by a tag that no run has": ({"tags": {"tier": "none"}}, True),
    "created within the last hour": ({"created_after": days_ago(1 / 24)}, True),
    "created within an hour 20 days ago": ({"created_after": days_ago(20), "created_before": days_ago(20 - 1 / 24)}, True),
    "created more than 29.9 days ago": ({"created_before": days_ago(29.9)}, True),
    "by a frequent queue": ({"task_queue": "default"}, True),
    "by a rare queue": ({"task_queue": "rare"}, True),
    "by a queue that has no runs": ({"task_queue": "nothing"}, True),
}


def main(address: str, rounds: int) -> None:
    channel = grpc.insecure_channel(address)
    workflows: Any = workflow_service_pb2_grpc.WorkflowServiceStub(channel)
    types: Any = registry_service_pb2_grpc.RegistryServiceStub(channel)
    found = {}

    def take(name: str, indexed: bool, call: Any) -> None:
        times = []
        for _ in range(rounds):
            begin = time.perf_counter()
            answer = call()
            times.append((time.perf_counter() - begin) * 1_000)
        found[name] = {
            "median_ms": statistics.median(times), "worst_ms": max(times), "indexed": indexed, "runs": answer,
        }  # fmt: skip

    for name, (fields, indexed) in FILTERS.items():
        request = messages.ListRunsRequest(filter=run_pb2.RunFilter(**fields), page_size=100)
        take(name, indexed, lambda request=request: len(workflows.ListRuns(request, timeout=60).runs))
    token = ""
    for _ in range(50):
        token = workflows.ListRuns(messages.ListRunsRequest(page_size=1_000, page_token=token), timeout=60).next_page_token
    deep = messages.ListRunsRequest(page_size=100, page_token=token)
    take("no filter, 50,000 runs deep", True, lambda: len(workflows.ListRuns(deep, timeout=60).runs))
    describe = registry_service_pb2.DescribeWorkflowTypeRequest(type="type-1")
    take("the type's description, with open runs by version", True,
         lambda: sum(v.open_count for v in types.DescribeWorkflowType(describe, timeout=60).description.versions))
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
