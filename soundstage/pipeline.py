"""The stages of the studio, and what each needs and gives.

read -> describe -> storyboard -> design -> synthesize -> mix. Every stage first looks whether its
result already lies in the work folder, under the hash of its inputs: a run that was interrupted
goes on where it was, and an edit redoes only what it touches.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from soundstage.additions import Additions
from soundstage.agents import continuity, discussion, generation
from soundstage.agents.roles import Bible, Cast, SceneView, ShotScript
from soundstage.agents.together import at_once
from soundstage.cuesheet import Cue, CueSheet, Line, Overview, Scene, digest
from soundstage.edits import Edits, apply_edits, baseline
from soundstage.errors import BadCueSheet, BadOption
from soundstage.film.read import add_clips, read_film
from soundstage.footage import Footage
from soundstage.listening import ROUNDS, Listener
from soundstage.mix.film import MixOptions, MixResult, Outputs, mix_film
from soundstage.options import StudioOptions
from soundstage.reading import Reading
from soundstage.remembering import Glimpse, Memory, RememberingScriptwriter, SceneDesign, Story, written_bible
from soundstage.rendering import Rendered, RenderOptions, Stage, with_notes
from soundstage.soundmodels import NOBODY, Crew
from soundstage.synth.maker import SoundMaker
from soundstage.views import Views
from soundstage.workfolder import WorkFolder, film_digest

VERSION = 2
_Result = TypeVar("_Result")


class StageName(StrEnum):
    """The stages, in order."""

    READ = "read"
    DESCRIBE = "describe"
    STORYBOARD = "storyboard"
    DESIGN = "design"
    SYNTHESIZE = "synthesize"
    MIX = "mix"


Progress = Callable[[str, float], None]


class Studio:
    """One film on its way through the stages, in one work folder (which must be locked).

    The stages are worked as they are asked for. They can also be worked in parts, and in other places: `describe`
    and `design` serve some shots and scenes and remember what they made in the folder; whoever brings the
    memory of all parts together finds the whole; `accept` takes over what was rendered elsewhere.
    """

    def __init__(
        self,
        film: Path,
        folder: WorkFolder,
        cast: Cast,
        makers: Sequence[SoundMaker],
        options: StudioOptions,
        progress: Progress = lambda stage, fraction: None,
        film_digest: str | None = None,
        crew: Crew = NOBODY,
    ) -> None:
        """Args: makers: the sound makers at hand. progress: told a stage and its fraction done. crew: models that help.

        With `film_digest` (SHA-256, hex) and a finished reading, only the mix needs the film itself.
        """
        self.film = film
        self.folder = folder
        self.options = options
        self.seconds: dict[str, float] = {}
        self._cast = cast
        self._memory = Memory(cast, folder)
        self._makers = makers
        self._crew = crew
        self._progress = progress
        self._film_digest = film_digest
        self._designed: dict[str, Cue] = {}
        self._talk: list[str] = []
        self._left: list[str] = []

    @cached_property
    def reading(self) -> Reading:
        """Stage read: what is on the film."""
        known = self._film_digest or film_digest(self.film, self.folder)
        saved = self.folder.saved_reading()
        transcribe = self.options.transcribe and not self.options.keep_sheet
        if saved is not None and saved.facts.digest == known and (self.folder.knows_speech() or not transcribe):
            return self._with_clips(saved)
        if saved is not None and saved.facts.digest != known:
            self._leave(saved)
        self.folder.reading.mkdir(exist_ok=True)
        self.folder.break_seal()
        reading = self._timed(
            StageName.READ,
            lambda tell: read_film(
                self.film, self.folder.reading, progress=tell, transcribe=transcribe, clips=self.options.clips
            ),
        )
        self.folder.seal_reading(speech=transcribe)
        return reading

    def _leave(self, other: Reading) -> None:
        """Make room in a work folder for another film; raises BadOption where its sheet is to be taken as it stands."""
        if self.options.keep_sheet:
            raise BadOption(
                f"{self.folder.root} is the work folder of {other.facts.name}, not of {self.film.name}; "
                "name the other film, or another folder with --work."
            )
        if aside := self.folder.set_aside_sheet():
            self._left.append(f"The cue sheet of {other.facts.name}, which was worked on here before, is {aside} now.")

    def _with_clips(self, saved: Reading) -> Reading:
        """A saved reading, with clips where they are wanted: only for them is the film read again."""
        if not self.options.clips or any(shot.clip for shot in saved.shots):
            return saved
        speech = self.folder.knows_speech()
        reading = self._timed(
            StageName.READ, lambda tell: add_clips(self.film, saved, self.folder.reading, progress=tell)
        )
        self.folder.seal_reading(speech=speech)
        return reading

    @cached_property
    def rough(self) -> Overview | None:
        """Stage describe, before all shots: the cast's first look at the whole film, where it takes one."""
        key = digest(["glimpse", VERSION, self._cast.name, self.reading.facts.digest, self.options.hint])
        known = self._memory.recall(key, Glimpse)
        if known is not None:
            return known.overview
        overview = self._cast.scriptwriter.glimpse(self._views.film())
        self._memory.remember(key, Glimpse(overview=overview))
        return overview

    @cached_property
    def scripts(self) -> tuple[ShotScript, ...]:
        """Stage describe: every shot with its caption."""
        return self.describe(range(len(self.reading.shots)))

    def describe(self, shots: Sequence[int]) -> tuple[ShotScript, ...]:
        """Stage describe for some shots, by their index."""
        remembering = RememberingScriptwriter(self._cast, self._memory, [VERSION, self.reading.facts.digest])
        cast = replace(self._cast, scriptwriter=remembering)
        views = [self._views.shot(number) for number in shots]
        return self._timed(
            StageName.DESCRIBE,
            lambda tell: discussion.describe_shots(views, cast, self.options.workers, tell, self.rough),
        )

    @cached_property
    def story(self) -> Story:
        """Stage storyboard: the shots merged into scenes."""
        inputs = [self.reading.facts.digest, self.options.hint, self._cast.name]
        key = digest(["storyboard", VERSION, *inputs])
        return self._memory.recall(key, Story) or self._tell_story(key)

    @cached_property
    def bible(self) -> Bible:
        """Stage design, before all scenes: the sources that recur in the film."""
        film = [VERSION, self.reading.facts.digest]
        return written_bible(self._memory, film, self.story.overview, self.story.scenes)

    @cached_property
    def sheet(self) -> CueSheet:
        """Stage design: the cue sheet, with the user's edits on top."""
        kept = self._own_sheet()
        if kept is not None and self.options.keep_sheet:
            return kept
        edits = self.folder.edits()
        story = self.story
        designed = self._timed(StageName.DESIGN, lambda tell: self._design(story, edits, tell))
        sheet = apply_edits(designed, edits)
        self._check_scene_names(sheet)
        self.folder.write_sheet(sheet, baseline(designed, story.scenes))
        return sheet

    @property
    def notes(self) -> list[str]:
        """Sentences for the user on what could not be done as asked."""
        return [*self._left, *self._unread, *self._additions.notes, *self._crew.notes()]

    @property
    def _unread(self) -> list[str]:
        """Hints that the cast can make nothing of; a sheet that is kept was not designed by any."""
        if self.options.keep_sheet:
            return []
        hints = dict.fromkeys([self.options.hint, *(scene.hint for scene in self.scenes())])
        return [
            f"The hint {hint!r} says nothing that was understood; say it in plain English words for what is there."
            for hint in hints
            if hint and not self._cast.understands(hint)
        ]

    @cached_property
    def rendered(self) -> Rendered:
        """Stage synthesize: a take for every wanted cue, listened to; the sheet on disk gets a note on each."""
        rendered = self.render(self.wanted_cues())
        for _ in range(ROUNDS + 1):
            if not self.listen(rendered):
                break
            rendered = self.render(self.wanted_cues())
        self._note(rendered)
        return rendered

    def listen(self, rendered: Rendered) -> bool:
        """Let the Designer hear the takes of all wanted cues; returns whether the sheet has other cues now.

        What the user edited stays, and so does a sheet that is kept as it is.
        """
        if not (self._cast.listens and self.options.listen) or self.options.keep_sheet:
            return False
        scenes, edits = self._wanted_scenes(), self.folder.edits()
        open_cues = {id: cue for id, cue in self._designed.items() if id not in edits.changed}
        if not self._listener.listen(scenes, open_cues, rendered.takes):
            self._write_talk()
            return False
        del self.sheet  # made anew, of what was tried
        return True

    def wanted_cues(self) -> tuple[Cue, ...]:
        """The cues of the scenes that are to be heard.

        Raises:
            BadOption: a scene that was asked for does not exist.
        """
        return tuple(cue for scene in self._wanted_scenes() for cue in scene.cues)

    def render(self, cues: Sequence[Cue]) -> Rendered:
        """Stage synthesize for some cues."""
        asked = self.options
        options = RenderOptions(asked.candidates, asked.workers, asked.cue_seconds)
        stop, footage = threading.Event(), self._footage
        makers = (*self._crew.makers(footage, stop.is_set), *self._makers)
        stage = Stage(makers, self.folder.takes, options, self._crew.ears(footage), stop=stop)
        return self._timed(StageName.SYNTHESIZE, lambda tell: stage.render(cues, tell))

    def accept(self, rendered: Rendered) -> None:
        """Take over the takes of all wanted cues, rendered elsewhere."""
        self.__dict__["rendered"] = rendered  # as cached_property keeps it
        self._note(rendered)

    def _note(self, rendered: Rendered) -> None:
        self.folder.annotate_sheet(with_notes(self.sheet, rendered))

    def mix(self, outputs: Outputs, options: MixOptions) -> MixResult:
        """Stage mix: stems, master, film, captions and timeline."""
        takes = self.rendered.takes
        sheet = self.sheet.with_cues(lambda cue: cue if cue.id in takes else None)
        return self._timed(
            StageName.MIX,
            lambda tell: mix_film(self.film, self.reading, self.folder.reading, sheet, takes, outputs, options, tell),
        )

    def _tell_story(self, key: str) -> Story:
        facts, workers = self.reading.facts, self.options.workers
        scripts = self.scripts
        told = self._timed(
            StageName.STORYBOARD,
            lambda tell: discussion.storyboard(facts, scripts, self.reading.dialogue, self._cast, workers, tell),
        )
        story = Story(overview=told.overview, scenes=told.scenes, talk=tuple(str(turn) for turn in told.turns))
        self._memory.remember(key, story)
        return story

    def scenes(self) -> tuple[Scene, ...]:
        """The scenes that are to be designed, with the user's borders and hints, still without cues."""
        edits = self.folder.edits()
        return _bare(edits.scenes or self.story.scenes, edits)

    def design(self, scenes: Sequence[str]) -> tuple[SceneDesign, ...]:
        """Stage design for some scenes, by their id; remembered, and not yet settled with their neighbours."""
        wanted = [scene for scene in self.scenes() if scene.id in scenes]
        return self._timed(StageName.DESIGN, lambda tell: self._design_all(wanted, tell))

    def _design_all(self, scenes: Sequence[Scene], tell: Callable[[float], None]) -> tuple[SceneDesign, ...]:
        bible = self.bible  # written before, not by the first of several scenes
        return tuple(at_once(lambda scene: self._design_scene(scene, bible), scenes, self._cast, progress=tell))

    def _design(self, story: Story, edits: Edits, tell: Callable[[float], None]) -> CueSheet:
        scenes = _bare(edits.scenes or story.scenes, edits)
        designed: list[Scene] = []
        talk = list(story.talk)
        for scene, design in zip(scenes, self._design_all(scenes, tell), strict=True):
            designed.append(scene.model_copy(update={"cues": design.cues}))
            talk += [f"{scene.id} {line}" for line in design.talk]
        settled = self._listened_to(continuity.settle(designed))
        self._talk = talk
        self._write_talk()
        return CueSheet(
            film=self.reading.facts.digest,
            duration=self.reading.facts.duration,
            overview=story.overview,
            scenes=self._additions.added_to(settled),
        )

    def _write_talk(self) -> None:
        """What was said of the film, of its scenes, of the takes, and to the user."""
        heard = self._designed.values() if self._cast.listens else ()
        turns = [str(turn) for cue in heard for turn in self._listener.turns(cue)]
        self.folder.write_talk([*self._talk, *turns, *(f"Studio: {note}" for note in self.notes)])

    def _listened_to(self, scenes: Sequence[Scene]) -> tuple[Scene, ...]:
        """The scenes with what earlier listening put in place of their cues."""
        self._designed = {cue.id: cue for scene in scenes for cue in scene.cues}
        if not self._cast.listens:
            return tuple(scenes)
        return tuple(
            scene.model_copy(update={"cues": tuple(self._listener.current(cue) for cue in scene.cues)})
            for scene in scenes
        )

    def _own_sheet(self) -> CueSheet | None:
        sheet = self.folder.saved_sheet()
        if sheet is not None and sheet.film != self.reading.facts.digest:
            raise BadCueSheet(f"{self.folder.sheet} belongs to another film; name the work folder of {self.film.name}.")
        return sheet

    def _design_scene(self, scene: Scene, bible: Bible) -> SceneDesign:
        hinted = scene.model_copy(update={"hint": scene.hint or scene.caption.told or self.options.hint})
        told = [hinted.model_dump(mode="json"), asdict(bible)]
        key = digest(["design", self.reading.facts.digest, VERSION, self._cast.name, self.options.seed, *told])
        known = self._memory.recall(key, SceneDesign)
        if known is not None:
            return known
        design = generation.design_scene(self._views.scene(hinted, self.story.overview, bible), self._cast)
        result = SceneDesign(cues=design.cues, talk=tuple(str(turn) for turn in design.turns))
        self._memory.remember(key, result)
        return result

    @cached_property
    def _additions(self) -> Additions:
        asked = self.options
        return Additions(self.reading, self._narrated, asked.speech, asked.music, asked.seed, asked.over_dialogue)

    def _narrated(self, dialogue: Sequence[Line], given: Sequence[Line]) -> Sequence[Line]:
        if not self.options.narrate:
            return ()
        pauses = self._views.pauses(self.story.scenes, (*dialogue, *given))
        return self._cast.scriptwriter.narrate(self.story.overview, self.story.scenes, pauses)

    @cached_property
    def _views(self) -> Views:
        return Views(self.folder, self.reading, self.options.hint, self.options.seed)

    @cached_property
    def _footage(self) -> Footage | None:
        """The film's pictures, where some model may watch them."""
        return None if self._crew is NOBODY else Footage.of_clips(self.folder.reading, self.reading.shots)

    @cached_property
    def _listener(self) -> Listener:
        return Listener(self._cast, self._memory, self.reading.facts.digest, self._scene_view)

    def _scene_view(self, scene: Scene) -> SceneView:
        return self._views.scene(scene, self.story.overview, self.bible)

    def _wanted_scenes(self) -> tuple[Scene, ...]:
        wanted = self.options.only_scenes
        return tuple(scene for scene in self.sheet.scenes if not wanted or scene.id in wanted)

    def _check_scene_names(self, sheet: CueSheet) -> None:
        known = [scene.id for scene in sheet.scenes]
        for name in self.options.only_scenes:
            if name not in known:
                raise BadOption(f"The film has no scene {name!r}; its scenes are {known[0]} to {known[-1]}.")

    def _timed(self, stage: StageName, work: Callable[[Callable[[float], None]], _Result]) -> _Result:
        started = perf_counter()
        self._progress(stage, 0.0)
        result = work(lambda fraction: self._progress(stage, fraction))
        self._progress(stage, 1.0)
        self.seconds[stage] = self.seconds.get(stage, 0.0) + perf_counter() - started
        return result


def _bare(scenes: Sequence[Scene], edits: Edits) -> tuple[Scene, ...]:
    """The scenes with the user's hints, without cues."""
    return tuple(
        scene.model_copy(update={"hint": edits.hints.get(scene.id, scene.hint), "cues": ()}) for scene in scenes
    )
