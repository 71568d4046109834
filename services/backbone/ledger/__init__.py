"""One module a group of tables, and the repositories that hold all queries."""
