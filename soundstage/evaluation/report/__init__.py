"""What was measured, to be read: tables, plots, a page, and a test for listeners."""
