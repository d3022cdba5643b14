"""Companies the department sells to, and the people in them."""
