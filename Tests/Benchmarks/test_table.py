"""Tables are Markdown with columns that stand below each other."""

from __future__ import annotations

from harness.table import Row, aligned, table


def test_a_goal_that_is_not_met_stands_out() -> None:
    text = table([Row("fast", "1", met=True), Row("slow", "2", met=False), Row("figure", "3")])
    assert [line.split("|")[-2].strip() for line in text.split("\n")[2:]] == ["yes", "NO", ""]


def test_columns_are_aligned_and_the_second_line_rules_them_off() -> None:
    lines = aligned([["", "a"], ["longer", "b"]]).split("\n")
    assert len({len(line) for line in lines}) == 1
    assert set(lines[1]) == {"|", "-"}
