"""Organizations, users in their positions, teams, API keys, and who may do what."""
