"""What other systems do with leads, accounts, contacts and deals alike: write them by their id, or many at once."""
