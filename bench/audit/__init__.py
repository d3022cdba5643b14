"""What the audit log costs, measured with its triggers on and off in turns."""
