"""One figure against what grows, as an SVG line with the spread of the rounds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .plot import STYLE, _attribute, _text, number
from .statistics import Spread

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 90, 30, 62, 60


@dataclass(frozen=True)
class Curve:
    """`name` is the file's, without `.svg`."""

    name: str
    title: str
    x_label: str
    y_label: str
    points: list[tuple[float, Spread]]
    is_logarithmic: bool = True


def line_chart(curve: Curve) -> str:
    """The chart as the text of an SVG file. What grows is logarithmic unless the curve says otherwise; the figure begins at 0."""
    xs = [x for x, _ in curve.points]
    most = max(spread.high for _, spread in curve.points) * 1.1 or 1.0
    steps = _ticks(most)

    def x_of(x: float) -> float:
        low, high = (math.log10(min(xs)), math.log10(max(xs))) if curve.is_logarithmic else (min(xs), max(xs))
        at = math.log10(x) if curve.is_logarithmic else x
        return LEFT + 20 + (WIDTH - LEFT - RIGHT - 40) * ((at - low) / (high - low) if high > low else 0.5)

    def y_of(y: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * y / most

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{_attribute(curve.title)}">',
        f"<style>{STYLE} .line {{ fill: none; stroke: #0969da; stroke-width: 2 }} "
        "@media (prefers-color-scheme: dark) { .line { stroke: #4493f8 } }</style>",
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        _text(16, 26, curve.title, "text title"),
        _text(16, 46, f"{curve.y_label}; median of {max(s.rounds for _, s in curve.points)} rounds, least and most", "text faint"),
    ]
    for tick in steps:
        lines.append(f'<line class="grid" x1="{LEFT}" y1="{y_of(tick):.1f}" x2="{WIDTH - RIGHT}" y2="{y_of(tick):.1f}"/>')
        lines.append(_text(LEFT - 8, y_of(tick) + 4, number(tick), "text faint", "end"))
    path = " ".join(f"{x_of(x):.1f},{y_of(spread.median):.1f}" for x, spread in curve.points)
    lines.append(f'<polyline class="line" points="{path}"/>')
    for x, spread in curve.points:
        at, low, high = x_of(x), y_of(spread.low), y_of(spread.high)
        lines.append(f'<line class="whisker" x1="{at:.1f}" y1="{low:.1f}" x2="{at:.1f}" y2="{high:.1f}"/>')
        lines.append(f'<circle class="ours" cx="{at:.1f}" cy="{y_of(spread.median):.1f}" r="4"/>')
        lines.append(_text(at, high - 8, number(spread.median), "text value", "middle"))
        lines.append(_text(at, HEIGHT - BOTTOM + 18, f"{x:,.0f}", "text faint", "middle"))
    scale = " (logarithmic)" if curve.is_logarithmic else ""
    lines.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, curve.x_label + scale, "text faint", "middle"))
    return "\n".join([*lines, "</svg>", ""])


def _ticks(most: float) -> list[float]:
    power = 10.0 ** math.floor(math.log10(most / 4))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= most / 5)
    return [step * index for index in range(math.floor(most / step) + 1)]
