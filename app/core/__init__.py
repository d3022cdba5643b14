"""Plumbing that knows nothing about sales: settings, database, problems, pagination, the caller."""
