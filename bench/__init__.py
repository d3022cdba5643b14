"""Measurements of the whole service, from outside; nothing here is part of it."""
