"""The procedural sound maker: physically informed synthesis, no recordings."""

from soundstage.synth.procedural.maker import ProceduralMaker

__all__ = ["ProceduralMaker"]
