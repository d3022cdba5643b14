"""Stageline: the system of record of a sales department."""
