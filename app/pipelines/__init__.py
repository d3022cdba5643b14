"""Pipelines: named lists of stages, in immutable numbered versions."""
