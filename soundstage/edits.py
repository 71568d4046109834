"""A user's edits of a cue sheet, carried over when the studio designs again.

The studio keeps a copy of every sheet it wrote (the baseline). What differs between the baseline
and the sheet on disk is the user's word, and survives any later design: changed cues stay as
changed, removed cues stay away, added cues stay, hints, corrected dialogue and scene boundaries
stay. For that the baseline holds what the studio would say by itself: its own scenes, without the
user's hints.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from soundstage.cuesheet import Cue, CueSheet, Line, Scene


@dataclass(frozen=True)
class Edits:
    """What a user did to a sheet: whole cues by id, the hints and the dialogue of scenes by id."""

    changed: dict[str, Cue]
    added: dict[str, Cue]
    removed: frozenset[str]
    hints: dict[str, str | None]
    dialogue: dict[str, tuple[Line, ...]]
    scenes: tuple[Scene, ...] | None

    def __bool__(self) -> bool:
        return bool(self.changed or self.added or self.removed or self.hints or self.dialogue or self.scenes)


NO_EDITS = Edits(changed={}, added={}, removed=frozenset(), hints={}, dialogue={}, scenes=None)


def edits_between(baseline: CueSheet, edited: CueSheet) -> Edits:
    """What the user did to get from `baseline` to `edited`; notes of takes do not count."""
    before = {cue.id: _plain(cue) for cue in baseline.cues()}
    after = {cue.id: _plain(cue) for cue in edited.cues()}
    hints_before = {scene.id: scene.hint for scene in baseline.scenes}
    said_before = {scene.id: scene.dialogue for scene in baseline.scenes}
    return Edits(
        changed={i: cue for i, cue in after.items() if i in before and cue != before[i]},
        added={i: cue for i, cue in after.items() if i not in before},
        removed=frozenset(before.keys() - after.keys()),
        hints={s.id: s.hint for s in edited.scenes if s.hint != hints_before.get(s.id)},
        dialogue={s.id: s.dialogue for s in edited.scenes if s.dialogue != said_before.get(s.id, s.dialogue)},
        scenes=edited.scenes if _frames(edited.scenes) != _frames(baseline.scenes) else None,
    )


def all_of(sheet: CueSheet) -> Edits:
    """The whole sheet as the user's word: nothing tells which part of it the studio wrote."""
    return Edits(
        changed={cue.id: _plain(cue) for cue in sheet.cues()},
        added={},
        removed=frozenset(),
        hints={scene.id: scene.hint for scene in sheet.scenes if scene.hint is not None},
        dialogue={scene.id: scene.dialogue for scene in sheet.scenes},
        scenes=sheet.scenes,
    )


def baseline(designed: CueSheet, scenes: Sequence[Scene]) -> CueSheet:
    """The designed cues in the scenes that the studio itself cut, free of the user's hints and borders.

    Args:
        designed: the design, in the scenes as the user wants them.
        scenes: the studio's own, which cover the same film.
    """
    bare = designed.model_copy(update={"scenes": tuple(s.model_copy(update={"cues": ()}) for s in scenes)})
    cues: dict[str, list[Cue]] = {scene.id: [] for scene in scenes}
    for cue in designed.cues():
        cues[_home(cue, bare)].append(cue)
    return bare.model_copy(
        update={"scenes": tuple(s.model_copy(update={"cues": tuple(cues[s.id])}) for s in bare.scenes)}
    )


def apply_edits(sheet: CueSheet, edits: Edits) -> CueSheet:
    """The sheet with a user's edits on top; an edited cue whose scene is gone goes to the scene of its start."""
    fresh = {cue.id for cue in sheet.cues()}
    wanted = {**edits.changed, **edits.added}
    # A cue added by the user can meet one that is designed under the same name: the user's is heard.
    orphans = [cue for i, cue in wanted.items() if i not in fresh]
    scenes = tuple(_edited_scene(scene, sheet, edits, wanted, orphans) for scene in sheet.scenes)
    return CueSheet.model_validate(sheet.model_copy(update={"scenes": scenes}).model_dump())


def _edited_scene(
    scene: Scene, sheet: CueSheet, edits: Edits, wanted: Mapping[str, Cue], orphans: Iterable[Cue]
) -> Scene:
    kept = (wanted.get(cue.id, cue) for cue in scene.cues if cue.id not in edits.removed)
    taken_in = (cue for cue in orphans if _home(cue, sheet) == scene.id)
    shares = tuple(name for name in scene.shares if name not in edits.removed)
    hint, dialogue = edits.hints.get(scene.id, scene.hint), edits.dialogue.get(scene.id, scene.dialogue)
    told = {"cues": (*kept, *taken_in), "hint": hint, "dialogue": dialogue, "shares": shares}
    return scene.model_copy(update=told)


def _home(cue: Cue, sheet: CueSheet) -> str:
    for scene in sheet.scenes:
        if scene.start <= cue.start < scene.end:
            return scene.id
    return sheet.scenes[-1].id


def _plain(cue: Cue) -> Cue:
    return cue.model_copy(update={"take": None})


def _frames(scenes: Iterable[Scene]) -> list[tuple[str, float, float, tuple[int, int]]]:
    return [(scene.id, scene.start, scene.end, scene.shots) for scene in scenes]
