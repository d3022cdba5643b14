"""The promise: every change is recorded with its event in one transaction, numbered per subject without gaps."""
