"""The same workloads on Kagzi and on its peers, side by side on one machine. `benchmarks/run-peers` runs them."""
