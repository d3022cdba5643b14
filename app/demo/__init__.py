"""A believable sales department, made from a seed."""
