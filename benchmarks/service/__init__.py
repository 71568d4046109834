"""What the service costs, measured on real servers and processes."""
