"""The rules of the department, pure: pipelines as data, and why a deal may not move and who can fix it."""
