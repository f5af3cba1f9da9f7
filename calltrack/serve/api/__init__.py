"""The HTTP endpoints, and what they are called with."""
