"""Plain PyTorch networks that several parts share, and what loads, keeps and feeds them."""
