"""Real data from CSV files through a mapping: all of it or nothing, every refused row named, and twice is once."""
