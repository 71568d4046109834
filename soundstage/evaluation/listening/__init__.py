"""A test for listeners: blinded, against a hidden reference and a low anchor, and read back."""
