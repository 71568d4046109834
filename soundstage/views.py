"""What each role of the cast is shown of a film, from its reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from soundstage.agents.roles import MOST_STILLS, Bible, FilmView, Pause, SceneView, ShotView, Still
from soundstage.cuesheet import Line, Overview, Scene
from soundstage.reading import Keyframe, MotionCurve, Reading, Shot
from soundstage.synth.speech.placing import gaps, room_for
from soundstage.workfolder import WorkFolder


def stills_of(reading: Reading) -> tuple[Keyframe, ...]:
    """The keyframes that stand for the whole film at a first look: of at most `MOST_STILLS` shots, spread over it."""
    shots = [shot for shot in reading.shots if shot.keyframes]
    count = min(len(shots), MOST_STILLS)
    chosen = [shots[(2 * number + 1) * len(shots) // (2 * count)] for number in range(count)]
    return tuple(max(shot.keyframes, key=lambda frame: frame.weight) for shot in chosen)


@dataclass(frozen=True)
class Views:
    """The views of one film; `hint` is the user's word on all of it, `seed` the job's."""

    folder: WorkFolder
    reading: Reading
    hint: str | None = None
    seed: int = 0

    def film(self) -> FilmView:
        """The film at a first look."""
        stills = [Still(frame.time, self.folder.reading / frame.file) for frame in stills_of(self.reading)]
        return FilmView(self.reading.facts, tuple(stills), self.reading.dialogue, self.hint, self.reading.shots)

    def shot(self, number: int) -> ShotView:
        """One shot, by its index."""
        shot = self.reading.shots[number]
        return ShotView(
            shot=shot,
            pictures=tuple(self.folder.reading / frame.file for frame in shot.keyframes),
            dialogue=_spoken_in(shot, self.reading.dialogue),
            hint=self.hint,
            clip=self.folder.reading / shot.clip if shot.clip else None,
        )

    def scene(self, scene: Scene, overview: Overview, bible: Bible) -> SceneView:
        """One scene, with what is known of the film."""
        first, last = scene.shots
        return SceneView(
            scene=scene,
            shots=self.reading.shots[first : last + 1],
            motion=self._motion.between(scene.start, scene.end),
            overview=overview,
            facts=self.reading.facts,
            seed=self.seed,
            bible=bible,
        )

    def pauses(self, scenes: Sequence[Scene], lines: Sequence[Line]) -> tuple[Pause, ...]:
        """Where a narrator may speak: between the lines, within each scene."""
        found = []
        for gap in gaps(lines, self.reading.facts.duration):
            for scene in scenes:
                start, end = max(gap.start, scene.start), min(gap.end, scene.end)
                if end > start and (words := room_for(type(gap)(start, end))):
                    found.append(Pause(start, end, words, scene.id))
        return tuple(found)

    @cached_property
    def _motion(self) -> MotionCurve:
        return MotionCurve.load(self.folder.reading)


def _spoken_in(shot: Shot, dialogue: Sequence[Line]) -> tuple[Line, ...]:
    return tuple(line for line in dialogue if line.start < shot.end and line.end > shot.start)
