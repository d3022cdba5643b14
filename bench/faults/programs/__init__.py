"""Programs of the harness that run in processes of their own."""
