"""What larger machines would carry, computed from what was measured. `benchmarks/capacity` prints it; docs/capacity.md explains it."""
