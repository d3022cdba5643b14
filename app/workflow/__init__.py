"""The rules of the department, pure: pipelines as data, and criteria that say why a deal may not move and who can fix it."""
