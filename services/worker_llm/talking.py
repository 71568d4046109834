"""Steps in which the agents talk: shots to captions, captions to scenes, scenes to cues."""

from services.backbone.dispatch.claims import Claim
from services.backbone.dispatch.products import Product
from services.backbone.dispatch.running import Tell
from services.backbone.workbench import workbench
from soundstage.reading import MOTION_FILE, READING_FILE, Reading


def describe(claim: Claim, tell: Tell) -> Product:
    """Caption some shots."""
    shots = range(int(claim.unit["first"]), int(claim.unit["end"]))
    with workbench(claim) as bench:
        bench.fetch_reading(lambda name: name == READING_FILE)
        pictures = _pictures(Reading.load(bench.folder.reading), shots)
        bench.fetch_reading(lambda name: name == READING_FILE or name in pictures)
        bench.studio(tell).describe(shots)
        return Product(memories=bench.remembered(()))


def _pictures(reading: Reading, shots: range) -> frozenset[str]:
    return frozenset(frame.file for number in shots for frame in reading.shots[number].keyframes)


def storyboard(claim: Claim, tell: Tell) -> Product:
    """Merge the shots into scenes."""
    with workbench(claim) as bench:
        bench.fetch_reading(lambda name: name == READING_FILE)
        known = bench.recall()
        story = bench.studio(tell).story
        return Product(memories=bench.remembered(known), scenes=story.scenes, turns=story.talk)


def design(claim: Claim, tell: Tell) -> Product:
    """Design the sounds of some scenes."""
    with workbench(claim) as bench:
        bench.fetch_reading(lambda name: name in (READING_FILE, MOTION_FILE))
        known = bench.recall()
        bench.lay_sheet()
        designs = bench.studio(tell).design(claim.unit["scenes"])
        turns = tuple(line for each in designs for line in each.talk)
        return Product(memories=bench.remembered(known), turns=turns)


def compose(claim: Claim, tell: Tell) -> Product:
    """Make one cue sheet of all designs, with the user's edits on top."""
    with workbench(claim) as bench:
        bench.fetch_reading(lambda name: name in (READING_FILE, MOTION_FILE))
        known = bench.recall()
        bench.lay_sheet()
        studio = bench.studio(tell)
        wanted = tuple(cue.id for cue in studio.wanted_cues())
        return Product(memories=bench.remembered(known), scenes=studio.sheet.scenes, sheet=bench.sheet(), wanted=wanted)
