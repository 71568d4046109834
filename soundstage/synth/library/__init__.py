"""The user's own recordings: indexed by meaning, trimmed to the hit, looped into beds."""
