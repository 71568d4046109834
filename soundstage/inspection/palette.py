"""Colours and words shared by the picture and the page.

The layers' colours are those of Okabe and Ito ("Color Universal Design", 2008), which people with
any colour vision tell apart, lightened for the dark ground and darkened for the light one.
"""

from soundstage.cuesheet import Layer
from soundstage.reading import FilmFacts

GROUND = "#0e1116"
PANEL = "#161b23"
HAIRLINE = "#2b323d"
BORDER = "#3a4351"
FAINT = "#5d6776"
MUTED = "#98a3b3"
TEXT = "#eceae4"
SOUND = "#8fb8ad"

ON_DARK = {
    Layer.AMBIENCE: "#5ab6ea",
    Layer.EFFECTS: "#f2a33a",
    Layer.SPEECH: "#e08fc3",
    Layer.MUSIC: "#eadb57",
    Layer.ORIGINAL: "#a3adba",
}
ON_LIGHT = {
    Layer.AMBIENCE: "#0072b2",
    Layer.EFFECTS: "#b85c00",
    Layer.SPEECH: "#a3477f",
    Layer.MUSIC: "#7d6c00",
    Layer.ORIGINAL: "#5f6875",
}
# Silence is the panel's own colour; loud goes through violet and amber to white.
SPECTRUM = ("#161b23", "#22204a", "#55256f", "#97326b", "#d5543f", "#f29a3c", "#fbe08a", "#fffbe8")


def clock(seconds: float, *, tenths: bool = False) -> str:
    """A time as people write it: 0:07, 12:30, 1:02:03; with tenths of a second where asked."""
    ticks = round(seconds * 10) if tenths else round(seconds) * 10
    minutes, rest = divmod(ticks, 600)
    hours, minutes = divmod(minutes, 60)
    second = f"{rest / 10:04.1f}" if tenths else f"{rest // 10:02d}"
    return f"{hours}:{minutes:02d}:{second}" if hours else f"{minutes}:{second}"


def facts_line(facts: FilmFacts) -> str:
    """Length, size and rate of a film in one line."""
    rate = f"{facts.video.fps:.3f}".rstrip("0").rstrip(".")
    varying = " (varying)" if facts.video.variable_rate else ""
    size = f"{facts.video.width} × {facts.video.height}"
    return "   ·   ".join([clock(facts.duration, tenths=True), size, f"{rate} fps{varying}"])


def plural(number: int, what: str) -> str:
    """A number with its noun: 1 shot, 12 shots."""
    return f"{number} {what}" + ("" if number == 1 else "s")
