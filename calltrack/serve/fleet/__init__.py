"""The service for an account that a fleet tracks on Kafka: any node can serve any account."""
