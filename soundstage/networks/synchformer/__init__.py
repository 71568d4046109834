"""Synchformer: what moves and sounds, and by how much the two are apart in time."""
