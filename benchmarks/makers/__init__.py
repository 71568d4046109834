"""What the sound makers cost, and how well the windows of a long sound join."""
