"""The sound makers, behind one interface."""
