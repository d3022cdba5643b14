"""Programs that the harness starts beside the service."""
