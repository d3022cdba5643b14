"""What teams are to reach, what they have reached, and the deals behind every figure."""
