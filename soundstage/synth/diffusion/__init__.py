"""Text-to-audio: sounds from words by Stable Audio, Stable Audio 3 and AudioLDM2, through diffusers."""

from soundstage.synth.diffusion.maker import Running, TextToAudioMaker

__all__ = ["Running", "TextToAudioMaker"]
