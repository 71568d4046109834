"""The studio's cast and its two conversations."""
