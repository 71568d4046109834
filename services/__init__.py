"""The service around the engine: an API, workers, and what they share."""
