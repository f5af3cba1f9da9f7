"""Recordings: read, write, index, play and redact them."""
