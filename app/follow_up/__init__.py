"""After the win: hand-off to an account manager, satisfaction, customer issues, and the win/loss review."""
