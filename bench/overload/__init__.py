"""The overload harness: more than the service can do, clients that vanish, a database that does not answer."""
