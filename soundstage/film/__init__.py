"""What can be read off a film: facts, shots, keyframes, motion and its own sound."""
