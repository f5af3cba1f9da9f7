"""The call centre itself: its things, its world, and what callers and agents do there."""
