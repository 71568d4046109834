"""Puts the measures together: a bench and systems' results in, one document of scores out."""
