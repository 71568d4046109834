"""A benchmark's data: films, their references and what is known of them; readers, checks and statistics."""
