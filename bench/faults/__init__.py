"""Proof of the promise: no event lost, none doubled in the log, each deal's events in their order, whatever fails.

Real processes on a real Postgres are killed, cut off and lied to. A checker then compares what clients were answered,
what the database holds and what receivers got; it knows nothing of how the service works inside.
"""
