"""All queries, by the noun they are about; what belongs to an account is asked for in its name only."""
