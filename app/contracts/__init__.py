"""Contracts and recorded purchases: the evidence that a deal is won."""
