"""Medians over rounds, and how far the rounds lie apart."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


def _at(record: Any, keys: tuple[str, ...]) -> float:
    for key in keys:
        record = record[key]
    return float(record)


def median_of(rounds: list[dict[str, Any]], *keys: str) -> float:
    """The median of a figure, by its path in each round's record."""
    return statistics.median(_at(record, keys) for record in rounds)


@dataclass(frozen=True)
class Spread:
    """The median of some rounds, the least and the most."""

    median: float
    low: float
    high: float
    rounds: int

    @staticmethod
    def of(values: Iterable[float]) -> Spread:
        ordered = sorted(values)
        return Spread(statistics.median(ordered), ordered[0], ordered[-1], len(ordered))


def spread_of(rounds: list[dict[str, Any]], *keys: str) -> Spread:
    """Like `median_of`, with the spread."""
    return Spread.of(_at(record, keys) for record in rounds)


def paired_ratio(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], *keys: str) -> Spread | None:
    """Ours divided by theirs, round by round; records tell their `round`. None if no round has both."""
    other = {record["round"]: _at(record, keys) for record in theirs}
    ratios = [_at(record, keys) / other[record["round"]] for record in ours if other.get(record["round"])]
    return Spread.of(ratios) if ratios else None


def shown(spread: Spread, style: str, unit: str = "") -> str:
    """The median and, of several rounds, the least and the most: `2.38 ms (2.31–2.60)`."""
    text = format(spread.median, style) + unit
    return text if spread.rounds == 1 else f"{text} ({spread.low:{style}}–{spread.high:{style}})"
