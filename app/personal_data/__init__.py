"""The promise: what is held on a person is told in one document, and is gone when they are erased."""
