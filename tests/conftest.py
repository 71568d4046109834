"""What all tests share."""

from hypothesis import settings

# How long an example takes is the machine's affair: no test measures time.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
