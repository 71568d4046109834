"""What networks hear and see in films, as the published scores have it: extracted, kept, and exchanged as files."""
