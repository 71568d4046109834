"""The sound labels: by scenario, with their acoustics and what makes them; and their retrieval by meaning."""
