"""FoleyCrafter: sound for moving pictures from a text-to-audio model and two adapters (arXiv 2407.01494).

Auffusion, a Stable Diffusion whose pictures are mel spectrograms, makes the sound. A semantic adapter shows it
what the pictures hold, a temporal adapter tells it when something sounds. What was published makes
ten seconds; here windows of ten seconds are denoised together, so that any length is one sound.
"""

from soundstage.synth.foleycrafter.maker import FoleyCrafterMaker
from soundstage.synth.foleycrafter.parts import Parts

__all__ = ["FoleyCrafterMaker", "Parts"]
