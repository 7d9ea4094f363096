"""The Python code in the documentation is code that the tests run: every block stands, word by word, in an example."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "clients/python/README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def lines(text: str) -> list[str]:
    """Code without indentation that all lines share, without the marks of snippets."""
    kept = [line.rstrip() for line in text.splitlines() if not re.search(r"# (end snippet|snippet: \S+)$", line)]
    return textwrap.dedent("\n".join(kept)).strip().splitlines()


def stands_in(block: list[str], example: list[str]) -> bool:
    """Whether the block's lines stand in the example, one after the other, indented alike."""
    count = len(block)
    for start in range(len(example) - count + 1):
        part = example[start : start + count]
        if part[0].strip() == block[0].strip() and textwrap.dedent("\n".join(part)).splitlines() == block:
            return True
    return False


EXAMPLES = [
    lines(path.read_text())
    for folder in ("examples/python", "examples/demo", "clients/python/tests/e2e")
    for path in sorted((ROOT / folder).glob("*.py"))
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_code_of_a_page_is_run_by_a_test(page: Path) -> None:
    for block in BLOCK.findall(page.read_text()):
        assert any(stands_in(lines(block), example) for example in EXAMPLES), f"no example has this code:\n{block}"


def test_code_that_no_example_has_is_found_out() -> None:
    assert not any(stands_in(["await ctx.step('no such step')"], example) for example in EXAMPLES)
