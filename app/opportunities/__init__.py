"""Deals: their fields, qualification, contact roles, line items and objections."""
