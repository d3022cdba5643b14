"""What happened, told from the log of events: newest first, as far as the reader's reach goes."""
