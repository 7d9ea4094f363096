"""One module a system: how it is started, with which settings, and how much of each workload it is given."""
