"""Calling users back: signatures, schedule, deliveries."""
