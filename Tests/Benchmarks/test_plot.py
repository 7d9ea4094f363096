"""Plots are well-formed, and their bars are as long as their figures say."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import pytest
from harness.plot import BARS, LABELS, Axis, Bar, bar_chart, number

SVG = "{http://www.w3.org/2000/svg}"


def lengths(chart: str) -> list[float]:
    root = ElementTree.fromstring(chart)
    return [float(each.attrib["width"]) for each in root.iter(f"{SVG}rect") if each.attrib["class"] in ("bar", "ours")]


def texts(chart: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(chart).iter(f"{SVG}text")]


def test_bars_of_like_figures_are_proportional_and_begin_at_zero() -> None:
    one, two = lengths(bar_chart("t", "s", [Bar("a", 2.0), Bar("b", 4.0)]))
    assert two == pytest.approx(2 * one, abs=0.2)
    assert two <= BARS


def test_figures_far_apart_get_a_logarithmic_axis_that_says_so() -> None:
    chart = bar_chart("t", "workflows/s", [Bar("a", 80.0), Bar("b", 8_000.0), Bar("c", 800.0)])
    first, last, middle = lengths(chart)
    assert middle - first == pytest.approx(last - middle, abs=0.2)
    assert "workflows/s (logarithmic)" in texts(chart)
    assert {"10", "100", "1,000"} <= set(texts(chart))


def test_every_bar_is_visible_on_a_logarithmic_axis() -> None:
    for least in (0.003, 0.01, 1.0, 99.9, 100.0):
        axis = Axis.over([least, least * 1_000])
        assert axis.is_logarithmic
        assert axis.place(least) > 0
        assert axis.place(least * 1_000) < BARS


def test_zero_is_drawn_on_a_linear_axis() -> None:
    axis = Axis.over([0.0, 500.0])
    assert not axis.is_logarithmic
    assert axis.place(0.0) == 0


def test_the_spread_is_a_line_from_the_least_to_the_most() -> None:
    chart = bar_chart("t", "s", [Bar("a", 5.0, 4.0, 8.0), Bar("b", 10.0, 10.0, 10.0)])
    whiskers = [each.attrib for each in ElementTree.fromstring(chart).iter(f"{SVG}line") if each.attrib["class"] == "whisker"]
    assert len(whiskers) == 3, "a line and two ends for the first bar, none for the second, whose rounds agree"
    assert float(whiskers[0]["x1"]) == pytest.approx(LABELS + 0.4 * BARS, abs=0.2)
    assert float(whiskers[0]["x2"]) == pytest.approx(LABELS + 0.8 * BARS, abs=0.2)


def test_a_figure_that_is_missing_says_why_and_text_cannot_break_the_file() -> None:
    chart = bar_chart('less < "more" & all', "s", [Bar("<peer>", None, note="failed & gone"), Bar("b", 1.0)])
    assert "failed & gone" in texts(chart)
    assert "<peer>" in texts(chart)
    assert len(lengths(chart)) == 1


def test_nothing_measured_is_a_chart_all_the_same() -> None:
    assert "failed" in texts(bar_chart("t", "s", [Bar("a", None, note="failed")]))


def test_it_is_readable_in_the_dark() -> None:
    assert "prefers-color-scheme: dark" in bar_chart("t", "s", [Bar("a", 1.0)])


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (8_547.3, "8,550"), (76.94, "76.9"), (0.01234, "0.0123"), (2, "2"), (1_000_000, "1,000,000"), (99.99, "100"), (364.4, "364"),
])
def test_numbers_have_three_digits_that_matter(value: float, text: str) -> None:
    assert number(value) == text
    assert math.isclose(float(text.replace(",", "")), value, rel_tol=0.01)
