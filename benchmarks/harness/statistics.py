"""Medians over rounds."""

from __future__ import annotations

import statistics
from typing import Any


def median_of(rounds: list[dict[str, Any]], *keys: str) -> float:
    """The median of a figure, by its path in each round's record."""
    values = []
    for record in rounds:
        value: Any = record
        for key in keys:
            value = value[key]
        values.append(float(value))
    return statistics.median(values)
