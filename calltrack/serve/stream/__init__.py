"""What is published, to every client that listens."""
