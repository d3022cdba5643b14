"""Scanners of others, set on a running service: see `README.md`."""
