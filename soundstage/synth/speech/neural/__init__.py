"""Voices of transformers: VITS (also MMS, a thousand languages) and SpeechT5, from folders of models."""

from soundstage.synth.speech.neural.voices import NeuralVoice, neural_voices

__all__ = ["NeuralVoice", "neural_voices"]
