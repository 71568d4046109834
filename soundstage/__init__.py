"""Soundstage gives long films their sound: a film goes in, its soundtrack comes out."""

__version__ = "0.1.0"
