"""What is sent and answered, by noun."""
