"""What is measured on features of networks: distances, divergences, agreement, and how sure the numbers are."""
