"""Real data from CSV files through a mapping: checked, all or nothing, repeatable."""
