"""Migrations: one change a file, each safe while the previous release still runs."""
