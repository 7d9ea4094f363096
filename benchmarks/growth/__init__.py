"""How speed changes as things grow: workers, stored runs, coordinators, payloads. One module a curve."""
