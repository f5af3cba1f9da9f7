"""Who gets in, what a role sees, and where a webhook may go."""
