"""Numbers, measured side by side with their floors and peers."""
