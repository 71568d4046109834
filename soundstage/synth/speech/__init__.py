"""Speech: lines from subtitles or the cue sheet, spoken within their times."""

from soundstage.synth.speech.maker import SpeechMaker
from soundstage.synth.speech.voice import PiperVoice, Voice, voices

__all__ = ["PiperVoice", "SpeechMaker", "Voice", "voices"]
