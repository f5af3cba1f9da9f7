"""The service: one process that is fed, keeps every frame, answers over HTTP, and pushes what changes."""
