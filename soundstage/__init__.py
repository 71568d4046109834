"""Soundstage gives long films their sound: a film goes in, its soundtrack comes out."""

import os

__version__ = "0.1.0"

# Nothing reaches out at run time: the classifier's runtime would start a telemetry client with its first import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
