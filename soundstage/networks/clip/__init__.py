"""CLIP: pictures and words as vectors of one space."""
