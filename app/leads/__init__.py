"""Leads: the first two steps of the workflow, until they are converted or disqualified."""
