"""Medians, spreads and ratios of rounds."""

from __future__ import annotations

import pytest
from harness.statistics import Spread, median_of, paired_ratio, spread_of


def test_a_median_is_found_by_the_path_of_its_figure() -> None:
    rounds = [{"cpu": {"worker": value}} for value in (3, 1, 2)]
    assert median_of(rounds, "cpu", "worker") == 2
    assert spread_of(rounds, "cpu", "worker") == Spread(2, 1, 3, 3)


def test_an_even_number_of_rounds_has_its_median_in_between() -> None:
    assert Spread.of([4, 1, 2, 3]) == Spread(2.5, 1, 4, 4)


def test_a_ratio_is_the_median_of_the_rounds_ratios_not_the_ratio_of_the_medians() -> None:
    ours = [{"round": number, "value": value} for number, value in enumerate((10, 200, 30))]
    theirs = [{"round": number, "value": value} for number, value in enumerate((1, 2, 10))]
    assert paired_ratio(ours, theirs, "value") == Spread(10, 3, 100, 3)
    assert median_of(ours, "value") / median_of(theirs, "value") == 15


def test_rounds_that_only_one_side_has_are_left_out() -> None:
    ours = [{"round": 0, "value": 8}, {"round": 2, "value": 100}]
    theirs = [{"round": 0, "value": 2}, {"round": 1, "value": 1}]
    assert paired_ratio(ours, theirs, "value") == Spread(4, 4, 4, 1)
    assert paired_ratio(ours, theirs[1:], "value") is None


def test_no_rounds_are_an_error() -> None:
    with pytest.raises(Exception):
        Spread.of([])
