"""How fast the service is, as a ratio to a floor: the same statements and guarantees without a framework."""
