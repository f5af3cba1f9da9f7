"""Deliveries to other systems."""
