"""Documents for tests: small cue sheets by hand, and hypothesis strategies for any."""

from hypothesis import strategies as st

from soundstage.cuesheet import Anchor, Caption, Cue, CueSheet, Finding, Layer, Line, Overview, PanPoint, Scene

FILM = "0" * 64


def cue(name: str = "rain-1", start: float = 0.0, end: float = 4.0, **changes: object) -> Cue:
    """A cue of rain, changed as asked."""
    given: dict[str, object] = {"id": name, "layer": Layer.AMBIENCE, "label": "raining", "level": -30.0}
    return Cue.model_validate({**given, "start": start, "end": end, **changes})


def sheet(*scenes: tuple[Cue, ...], length: float = 5.0) -> CueSheet:
    """A sheet of scenes of equal length, each with its cues."""
    made = tuple(
        Scene(
            id=f"s{number:03}",
            start=number * length,
            end=(number + 1) * length,
            shots=(number, number),
            caption=Caption(background="a street"),
            cues=cues,
        )
        for number, cues in enumerate(scenes)
    )
    return CueSheet(film=FILM, duration=len(made) * length, scenes=made)


_share = st.floats(0, 1)
_text = st.text(max_size=20)
_findings = st.lists(st.builds(Finding, name=st.text(min_size=1, max_size=10), confidence=_share), max_size=2)


@st.composite
def cues(draw: st.DrawFn, name: str, duration: float) -> Cue:
    """Any valid cue within a film of `duration` seconds."""
    start = draw(st.floats(0, duration * 0.9))
    end = draw(st.floats(start + 0.01, duration))
    inside = st.floats(start, end)
    return Cue(
        id=name,
        layer=draw(st.sampled_from([Layer.AMBIENCE, Layer.EFFECTS, Layer.MUSIC])),
        label=draw(st.text(min_size=1, max_size=10)),
        prompt=draw(_text),
        start=start,
        end=end,
        level=draw(st.floats(-70, 0)),
        pan=draw(st.floats(-1, 1) | st.lists(st.builds(PanPoint, time=inside, pan=st.floats(-1, 1))).map(tuple)),
        fade_in=draw(st.floats(0, (end - start) / 2)),
        anchors=tuple(draw(st.lists(st.builds(Anchor, time=inside, strength=_share), max_size=3))),
        seed=draw(st.integers(0, 2**63 - 1)),
        parameters=draw(st.dictionaries(_text, st.floats(-1e6, 1e6), max_size=2)),
        confidence=draw(_share),
    )


@st.composite
def sheets(draw: st.DrawFn) -> CueSheet:
    """Any valid cue sheet of one to four scenes."""
    lengths = draw(st.lists(st.floats(0.5, 100), min_size=1, max_size=4))
    borders = [0.0]
    for length in lengths:
        borders.append(borders[-1] + length)
    scenes = tuple(
        Scene(
            id=f"s{number:03}",
            start=borders[number],
            end=borders[number + 1],
            shots=(number, number),
            caption=Caption(background=draw(_text), entities=tuple(draw(_findings)), confidence=draw(_share)),
            dialogue=tuple(draw(st.lists(st.builds(Line, start=_share, end=_share, text=_text), max_size=1))),
            hint=draw(st.none() | _text),
            cues=tuple(draw(cues(f"c{number}-{n}", borders[-1])) for n in range(draw(st.integers(0, 3)))),
        )
        for number in range(len(lengths))
    )
    return CueSheet(film=FILM, duration=borders[-1], overview=Overview(summary=draw(_text)), scenes=scenes)
