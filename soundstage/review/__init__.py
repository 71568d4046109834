"""Listens to takes: measures them, scores them check by check, and chooses among them."""
