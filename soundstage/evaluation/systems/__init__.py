"""What makes soundtracks for a benchmark, how it is run, and what it leaves behind."""
