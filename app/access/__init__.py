"""Why somebody may or may not do something to a record: told by the very functions that decide it."""
