"""One module a measurement; each has `measure(bench)` and gives rows of the table."""
