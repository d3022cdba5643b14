"""Offers to a customer, with pricing, terms, delivery timeline and a discount that may need approval."""
