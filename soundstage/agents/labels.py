"""Which labels of the knowledge base may serve for what, whoever chooses among them."""

from soundstage.cuesheet import Layer
from soundstage.knowledge.label import Behaviour, Label


def serves(label: Label, voices: bool, background: bool) -> bool:
    """Whether a label may stand for a sound.

    Args:
        label: of the knowledge base.
        voices: whether the scene may have human voices.
        background: whether the sound lies behind: a bed does not strike.
    """
    if label.voice and not voices:
        return False
    if label.layer is Layer.MUSIC:
        return not background
    return not background or label.layer is Layer.AMBIENCE or label.behaviour is Behaviour.STEADY
