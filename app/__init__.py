"""Stageline: the system of record of a sales department."""

__version__ = "0.1.0"
