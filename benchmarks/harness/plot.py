"""Bar charts as SVG, without a library: readable on light and dark pages, on a linear or a logarithmic axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

ROW = 34
LABELS = 250
BARS = 480
NOTES = 190
TOP = 62
BOTTOM = 46
BAR = 18

STYLE = """
  .page { fill: #ffffff } .text { fill: #1f2328; font: 13px system-ui, sans-serif } .title { font-weight: 600; font-size: 15px }
  .value { paint-order: stroke; stroke: #ffffff; stroke-width: 4px }
  .faint { fill: #59636e; font-size: 12px } .grid { stroke: #d1d9e0; stroke-width: 1 } .bar { fill: #8c959f }
  .ours { fill: #0969da } .whisker { stroke: #1f2328; stroke-width: 1.5 } .failed { fill: #cf222e }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .text { fill: #e6edf3 } .value { stroke: #0d1117 } .faint { fill: #9198a1 } .grid { stroke: #30363d } .bar { fill: #6e7681 }
    .ours { fill: #4493f8 } .whisker { stroke: #e6edf3 } .failed { fill: #f85149 }
  }
"""


@dataclass(frozen=True)
class Bar:
    """A figure with its spread. Without a `value` its `note` says why there is none."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    is_ours: bool = False
    prefix: str = ""
    """What stands before the value: `> ` before one that is a bound."""


@dataclass(frozen=True)
class Axis:
    """From a value to a place, in pixels from the left end of the bars."""

    low: float
    high: float
    is_logarithmic: bool
    ticks: tuple[float, ...]

    @staticmethod
    def over(values: list[float]) -> Axis:
        """Logarithmic if the values lie more than a factor of 20 apart; its bars then begin at a power of ten below them."""
        positive = [value for value in values if value > 0]
        most = max(positive, default=1.0)
        if len(positive) == len(values) and positive and most > 20 * min(positive):
            low = 10.0 ** (math.ceil(math.log10(min(positive))) - 1)
            high = most * 1.1
            between = (1, 2, 5) if high / low < 200 else (1,)
            ticks = [low * 10**power * factor for power in range(math.floor(math.log10(high / low)) + 1) for factor in between]
            return Axis(low, high, True, tuple(tick for tick in ticks if tick <= high))
        step = _step(most / 5)
        count = math.ceil(most / step)
        return Axis(0, step * count, False, tuple(step * number for number in range(count + 1)))

    def place(self, value: float) -> float:
        if self.is_logarithmic:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = value / self.high
        return BARS * min(1.0, max(0.0, share))


def _step(rough: float) -> float:
    """The next round number above: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))


def number(value: float) -> str:
    """Three digits that matter, thousands apart."""
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    text = f"{round(value, digits):,.{max(0, digits)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def bar_chart(title: str, axis_label: str, bars: list[Bar], better: str = "") -> str:
    """The chart as the text of an SVG file. `better` says which way is better."""
    axis = Axis.over([bar.value for bar in bars if bar.value is not None] or [1.0])
    width, height = LABELS + BARS + NOTES, TOP + ROW * len(bars) + BOTTOM
    bottom = TOP + ROW * len(bars)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{_attribute(title)}">',
        f"<style>{STYLE}</style>", f'<rect class="page" width="{width}" height="{height}" rx="6"/>',
        _text(16, 26, title, "text title"), _text(16, 46, better, "text faint"),
    ]
    for tick in axis.ticks:
        x = LABELS + axis.place(tick)
        lines.append(f'<line class="grid" x1="{x:.1f}" y1="{TOP - 4}" x2="{x:.1f}" y2="{bottom}"/>')
        lines.append(_text(x, bottom + 16, number(tick), "text faint", "middle"))
    scale = " (logarithmic)" if axis.is_logarithmic else ""
    lines.append(_text(LABELS + BARS / 2, bottom + 36, axis_label + scale, "text faint", "middle"))
    for row, bar in enumerate(bars):
        lines += _bar(bar, axis, TOP + ROW * row + ROW / 2)
    return "\n".join([*lines, "</svg>", ""])


def _bar(bar: Bar, axis: Axis, middle: float) -> list[str]:
    lines = [_text(LABELS - 10, middle + 4, bar.label, "text", "end")]
    if bar.value is None:
        return [*lines, _text(LABELS + 8, middle + 4, bar.note, "text failed")]
    length = axis.place(bar.value)
    end = length
    lines.append(f'<rect class="{"ours" if bar.is_ours else "bar"}" x="{LABELS}" y="{middle - BAR / 2:.1f}" '
                 f'width="{max(length, 1):.1f}" height="{BAR}" rx="2"/>')
    if bar.low is not None and bar.high is not None and bar.high > bar.low:
        left, end = axis.place(bar.low), max(length, axis.place(bar.high))
        lines += [f'<line class="whisker" x1="{LABELS + x1:.1f}" y1="{middle + y1:.1f}" x2="{LABELS + x2:.1f}" y2="{middle + y2:.1f}"/>'
                  for x1, y1, x2, y2 in ((left, 0, end, 0), (left, -5, left, 5), (end, -5, end, 5))]
    said = bar.prefix + number(bar.value) + (f"  {bar.note}" if bar.note else "")
    return [*lines, _text(LABELS + end + 8, middle + 4, said, "text value")]


def _text(x: float, y: float, text: str, style: str, anchor: str = "start") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _attribute(text: str) -> str:
    return escape(text, {'"': "&quot;"})
