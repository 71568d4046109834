"""The worker of the queue gpu: makes sounds."""
