"""What things may cost, and how it is counted. Nothing here is timed."""

from .allocations import AllocationCounter, build_counter
from .budgets import ALLOCATIONS, IDLE_STATEMENTS_A_SECOND, MEMBER_OF_A_GROUP, ROWS_OF_ONE_ACTIVITY, WORKFLOWS
from .database import Count, DatabaseCost, prepare, rows_written, statements_sent

__all__ = [
    "ALLOCATIONS", "AllocationCounter", "Count", "DatabaseCost", "IDLE_STATEMENTS_A_SECOND", "MEMBER_OF_A_GROUP", "ROWS_OF_ONE_ACTIVITY",
    "WORKFLOWS", "build_counter", "prepare", "rows_written", "statements_sent",
]  # fmt: skip
