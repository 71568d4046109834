"""A set of films with exactly known events, made by the tool itself."""
