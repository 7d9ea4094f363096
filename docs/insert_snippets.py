#!/usr/bin/env python3
"""Writes the code of the pages in docs/ from the examples that the tests run.

A comment `<!-- snippet: PATH NAME -->` is followed by a fenced block: what stands in the file between a line that ends
with `snippet: NAME` and the next `end snippet`, without its common indentation.
"""

import pathlib
import re
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"<!-- snippet: (?P<path>\S+) (?P<name>\S+) -->\n```(?P<language>\w+)\n(?P<code>.*?)```\n", re.DOTALL)


def snippet(path: str, name: str) -> str:
    lines: list[str] = []
    is_inside = False
    for line in (ROOT / path).read_text().splitlines():
        if re.search(rf"[/#] snippet: {re.escape(name)}$", line):
            is_inside = True
        elif is_inside and re.search(r"[/#] end snippet$", line):
            return textwrap.dedent("\n".join(lines)).strip("\n") + "\n"
        elif is_inside:
            lines.append(line)
    sys.exit(f"{path} has no snippet {name}")


for page in sorted((ROOT / "docs").glob("*.md")):
    text = page.read_text()
    new = BLOCK.sub(
        lambda match: f"<!-- snippet: {match['path']} {match['name']} -->\n```{match['language']}\n"
        f"{snippet(match['path'], match['name'])}```\n",
        text,
    )
    if new != text:
        page.write_text(new)
        print(f"wrote {page.relative_to(ROOT)}")
