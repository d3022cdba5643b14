"""The promise: every write of a record is noted with who did it, what changed and from where, and stays noted."""
