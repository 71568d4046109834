"""Benchmarks of the cast: what its roles decide, beside what people would have decided."""
