"""What the department sells."""
