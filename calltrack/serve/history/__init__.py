"""What the journal remembers: past states and changes, and figures."""
