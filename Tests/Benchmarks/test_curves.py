"""Curves are well-formed, and their points lie where their figures say."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from growth.load import flatness
from harness.curves import Curve, line_chart
from harness.statistics import Spread, shown

SVG = "{http://www.w3.org/2000/svg}"


def circles(chart: str) -> list[tuple[float, float]]:
    return [(float(each.attrib["cx"]), float(each.attrib["cy"])) for each in ElementTree.fromstring(chart).iter(f"{SVG}circle")]


def curve(*points: tuple[float, float], **options: bool) -> Curve:
    return Curve("c", "Title < & >", "workers", "workflows/s", [(x, Spread(y, y * 0.9, y * 1.1, 3)) for x, y in points], **options)


def test_what_grows_is_logarithmic_and_the_figure_begins_at_zero() -> None:
    (x1, y1), (x2, y2), (x3, y3) = circles(line_chart(curve((1, 100), (10, 200), (100, 300))))
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.2)
    assert y1 - y2 == pytest.approx(y2 - y3, abs=0.2)
    assert y1 > y2 > y3


def test_few_things_side_by_side_are_linear() -> None:
    (x1, _), (x2, _), (x3, _) = circles(line_chart(curve((1, 5), (2, 5), (3, 5), is_logarithmic=False)))
    assert x2 - x1 == pytest.approx(x3 - x2, abs=0.2)


def test_one_point_and_tiny_figures_are_drawn() -> None:
    assert len(circles(line_chart(curve((1, 0.0003))))) == 1


def test_each_point_shows_its_spread() -> None:
    chart = ElementTree.fromstring(line_chart(curve((1, 100), (10, 200))))
    whiskers = [each for each in chart.iter(f"{SVG}line") if each.attrib["class"] == "whisker"]
    assert len(whiskers) == 2
    assert all(float(each.attrib["y1"]) > float(each.attrib["y2"]) for each in whiskers)


def test_flatness_is_the_least_median_over_the_most() -> None:
    points = {1: [{"v": 10.0}, {"v": 30.0}, {"v": 20.0}], 10: [{"v": 25.0}]}
    assert flatness(points, "v") == pytest.approx(0.8)


def test_a_figure_is_shown_with_its_spread_unless_there_was_one_round() -> None:
    assert shown(Spread(2.384, 2.311, 2.6, 5), ".2f", " ms") == "2.38 ms (2.31–2.60)"
    assert shown(Spread(8_547.2, 8_547.2, 8_547.2, 1), ",.0f") == "8,547"
