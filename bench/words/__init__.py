"""What writing pays for being found by words: inserts with the triggers of search and without."""
