"""A user's edits of a cue sheet, carried over when the studio designs again.

The studio keeps a copy of every sheet it wrote (the baseline). What differs between the baseline
and the sheet on disk is the user's word, and survives any later design: changed cues stay as
changed, removed cues stay away, added cues stay, hints and scene boundaries stay.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from soundstage.cuesheet import Cue, CueSheet, Scene


@dataclass(frozen=True)
class Edits:
    """What a user did to a sheet: whole cues by id, and the hints of scenes by id."""

    changed: dict[str, Cue]
    added: dict[str, tuple[str, Cue]]
    removed: frozenset[str]
    hints: dict[str, str | None]
    scenes: tuple[Scene, ...] | None

    def __bool__(self) -> bool:
        return bool(self.changed or self.added or self.removed or self.hints or self.scenes)


NO_EDITS = Edits(changed={}, added={}, removed=frozenset(), hints={}, scenes=None)


def edits_between(baseline: CueSheet, edited: CueSheet) -> Edits:
    """What the user did to get from `baseline` to `edited`; notes of takes do not count."""
    before = {cue.id: _plain(cue) for cue in baseline.cues()}
    after = {cue.id: _plain(cue) for cue in edited.cues()}
    homes = {cue.id: scene.id for scene in edited.scenes for cue in scene.cues}
    hints_before = {scene.id: scene.hint for scene in baseline.scenes}
    return Edits(
        changed={i: cue for i, cue in after.items() if i in before and cue != before[i]},
        added={i: (homes[i], cue) for i, cue in after.items() if i not in before},
        removed=frozenset(before.keys() - after.keys()),
        hints={s.id: s.hint for s in edited.scenes if s.hint != hints_before.get(s.id)},
        scenes=edited.scenes if _frames(edited.scenes) != _frames(baseline.scenes) else None,
    )


def apply_edits(sheet: CueSheet, edits: Edits) -> CueSheet:
    """The sheet with a user's edits on top; an edited cue whose scene is gone goes to the scene of its start."""
    fresh = {cue.id for cue in sheet.cues()}
    homeless = {i: cue for i, cue in edits.changed.items() if i not in fresh}
    orphans = [*homeless.values(), *(cue for _, cue in edits.added.values())]
    scenes = tuple(_edited_scene(scene, sheet, edits, orphans) for scene in sheet.scenes)
    return CueSheet.model_validate(sheet.model_copy(update={"scenes": scenes}).model_dump())


def _edited_scene(scene: Scene, sheet: CueSheet, edits: Edits, orphans: Iterable[Cue]) -> Scene:
    kept = (edits.changed.get(cue.id, cue) for cue in scene.cues if cue.id not in edits.removed)
    taken_in = (cue for cue in orphans if _home(cue, sheet) == scene.id)
    shares = tuple(name for name in scene.shares if name not in edits.removed)
    hint = edits.hints.get(scene.id, scene.hint)
    return scene.model_copy(update={"cues": (*kept, *taken_in), "hint": hint, "shares": shares})


def _home(cue: Cue, sheet: CueSheet) -> str:
    for scene in sheet.scenes:
        if scene.start <= cue.start < scene.end:
            return scene.id
    return sheet.scenes[-1].id


def _plain(cue: Cue) -> Cue:
    return cue.model_copy(update={"take": None})


def _frames(scenes: Iterable[Scene]) -> list[tuple[str, float, float, tuple[int, int]]]:
    return [(scene.id, scene.start, scene.end, scene.shots) for scene in scenes]
