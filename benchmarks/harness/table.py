"""The table that a person reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass
class Row:
    """One figure beside what it is compared with."""

    name: str
    figure: str
    reference: str = ""
    ratio: str = ""
    goal: str = ""
    met: bool | None = None

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def table(rows: list[Row]) -> str:
    """Markdown, aligned."""
    head = ["", "measured", "compared with", "ratio", "goal", "met"]
    said = {True: "yes", False: "NO", None: ""}
    return aligned([head] + [[r.name, r.figure, r.reference, r.ratio, r.goal, said[r.met]] for r in rows])


def duration(seconds: float) -> str:
    """As a person says it: `40 s`, `3 min`."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def aligned(lines: list[list[str]]) -> str:
    """Markdown; the first line is the head."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)
