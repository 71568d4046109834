"""Steps in which the agents talk: shots to captions, captions to scenes, scenes to cues, takes to better cues."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from services.backbone.casting import cast_of
from services.backbone.dispatch.claims import Claim
from services.backbone.dispatch.products import Product
from services.backbone.dispatch.running import Tell
from services.backbone.workbench import Workbench, workbench
from services.worker_llm.takes import as_made, wanted
from soundstage.agents.names import CastName
from soundstage.pipeline import Studio
from soundstage.reading import MOTION_FILE, READING_FILE, Reading
from soundstage.views import stills_of

_DESIGNING = (READING_FILE, MOTION_FILE)


def overview(claim: Claim, tell: Tell) -> Product:
    """Look at the whole film, for whoever describes its shots."""
    with workbench(claim) as bench:
        stills = stills_of(_reading(bench))
        _fetch(bench, (READING_FILE, *(still.file for still in stills)))
        known = bench.recall()
        with _studio(bench, tell) as studio:
            _ = studio.rough
        return Product(memories=bench.remembered(known))


def describe(claim: Claim, tell: Tell) -> Product:
    """Caption some shots."""
    shots = range(int(claim.unit["first"]), int(claim.unit["end"]))
    with workbench(claim) as bench:
        _fetch(bench, (READING_FILE, *_shown(_reading(bench), shots)))
        # The house has taken no look at the film, and knows nothing yet.
        known = frozenset() if bench.order.options.cast is CastName.HOUSE else bench.recall()
        with _studio(bench, tell) as studio:
            studio.describe(shots)
        return Product(memories=bench.remembered(known))


def _shown(reading: Reading, shots: range) -> Iterator[str]:
    """The files that somebody looks at who describes these shots."""
    for shot in (reading.shots[number] for number in shots):
        yield from (frame.file for frame in shot.keyframes)
        if shot.clip:
            yield shot.clip


def storyboard(claim: Claim, tell: Tell) -> Product:
    """Merge the shots into scenes, and say what recurs in them."""
    with workbench(claim) as bench:
        _fetch(bench, (READING_FILE,))
        known = bench.recall()
        with _studio(bench, tell) as studio:
            story, _ = studio.story, studio.bible
        return Product(memories=bench.remembered(known), scenes=story.scenes, turns=story.talk)


def design(claim: Claim, tell: Tell) -> Product:
    """Design the sounds of some scenes."""
    with workbench(claim) as bench:
        _fetch(bench, _DESIGNING)
        known = bench.recall()
        bench.lay_sheet()
        with _studio(bench, tell) as studio:
            designs = studio.design(claim.unit["scenes"])
        turns = tuple(line for each in designs for line in each.talk)
        return Product(memories=bench.remembered(known), turns=turns)


def compose(claim: Claim, tell: Tell) -> Product:
    """Make one cue sheet of all designs, with the user's edits on top."""
    with workbench(claim) as bench:
        _fetch(bench, _DESIGNING)
        known = bench.recall()
        bench.lay_sheet()
        with _studio(bench, tell) as studio:
            return _composed(bench, studio, known)


def listen(claim: Claim, tell: Tell) -> Product:
    """Have the Designer hear the takes; where some fall short, the sheet has other cues from now on.

    How they sounded stands in the takes' records, so no sound is brought.
    """
    with workbench(claim) as bench:
        _fetch(bench, _DESIGNING)
        known = bench.recall()
        bench.lay_sheet()
        heard = wanted(claim.job_id)
        rendered = heard.rendered({id: as_made(take) for id, take in heard.takes.items()})
        with _studio(bench, tell) as studio:
            if studio.listen(rendered):
                return _composed(bench, studio, known)
        return Product(memories=bench.remembered(known))


def _composed(bench: Workbench, studio: Studio, known: frozenset[str]) -> Product:
    cues = tuple(cue.id for cue in studio.wanted_cues())
    memories = bench.remembered(known)
    return Product(memories=memories, scenes=studio.sheet.scenes, sheet=bench.sheet(), wanted=cues)


@contextmanager
def _studio(bench: Workbench, tell: Tell) -> Iterator[Studio]:
    """The studio with the job's own cast; what was asked is written down when it is left."""
    with cast_of(bench) as cast:
        yield bench.studio(tell, cast=cast)


def _reading(bench: Workbench) -> Reading:
    _fetch(bench, (READING_FILE,))
    return Reading.load(bench.folder.reading)


def _fetch(bench: Workbench, names: Sequence[str]) -> None:
    bench.fetch_reading(frozenset(names).__contains__)
