"""What was planned and held: calls, e-mails, meetings, presentations."""
