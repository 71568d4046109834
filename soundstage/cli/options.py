"""Options that several commands share, each written once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from soundstage.agents.names import CastName
from soundstage.cli.console import stage_bars
from soundstage.errors import BadOption, StorageError

# The studio takes a second or two to load: only for the commands that open one.
if TYPE_CHECKING:
    from soundstage.casting import Casting
    from soundstage.options import StudioOptions
    from soundstage.pipeline import Studio
    from soundstage.soundmodels import Wishes
Film = Annotated[Path, typer.Argument(metavar="FILM", help="The film: mp4, mov, mkv, webm, avi or ts.")]
Work = Annotated[
    Path | None,
    typer.Option("--work", metavar="DIR", help="Where work is kept, to go on from. [default: beside the result]"),
]
Hint = Annotated[str | None, typer.Option("--hint", help="What the film shows, in your words; outweighs what is seen.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same sound.")]
Target = Annotated[float, typer.Option("--target", help="Loudness of the master in LUFS (EBU R 128: -23).")]
Speech = Annotated[Path | None, typer.Option("--speech", metavar="SRT", help="Lines to be spoken, as SRT or WebVTT.")]
Library = Annotated[
    list[Path] | None,
    typer.Option("--library", metavar="DIR", help="A folder of recordings to use; may be given again."),
]
OnlyScenes = Annotated[
    str, typer.Option("--only-scenes", metavar="ID,ID", help="Give sound to these scenes only (s001,s004).")
]
Candidates = Annotated[int, typer.Option("--candidates", min=1, max=16, help="Takes to choose from, for each cue.")]
Transcript = Annotated[
    bool, typer.Option("--transcript/--no-transcript", help="Find and write down speech in the original sound.")
]
MostTokens = Annotated[int | None, typer.Option("--most-tokens", min=1, help="Tokens that the film may cost.")]
MostDollars = Annotated[float | None, typer.Option("--most-dollars", min=0, help="US dollars that the film may cost.")]
Narrate = Annotated[bool, typer.Option("--narrate", help="Let the Scriptwriter write lines for a narrator.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and no progress.")]


@dataclass(frozen=True)
class CastWanted:
    """Who decides, and what that may cost: as a service is told it."""

    cast: Annotated[
        CastName, typer.Option("--cast", envvar="SOUNDSTAGE_CAST", help="Who decides: the house's rules, or models.")
    ] = CastName.HOUSE
    fallback: Annotated[bool, typer.Option("--fallback", help="Let the house stand in for a model that fails.")] = False
    most_tokens: MostTokens = None
    most_dollars: MostDollars = None


@dataclass(frozen=True)
class CastOptions(CastWanted):
    """The same of a run on this machine, and which models are asked."""

    model: Annotated[
        str | None,
        typer.Option("--model", metavar="PROVIDER:NAME", help="The model of all roles. [default: the settings']"),
    ] = None
    base_url: Annotated[str | None, typer.Option("--base-url", metavar="URL", help="Where the model is served.")] = None
    config: Annotated[
        Path | None, typer.Option("--config", metavar="TOML", help="Settings of the models, role by role.")
    ] = None

    def casting(self) -> "Casting":
        """Who is to play the roles."""
        from soundstage.casting import Casting

        return Casting(
            self.cast, self.model, self.base_url, self.config, self.fallback, self.most_tokens, self.most_dollars
        )


@dataclass(frozen=True)
class MakersWanted:
    """Which sound models may help, and whether there is to be music."""

    makers: Annotated[
        str,
        typer.Option(
            "--makers", metavar="NAME,NAME", help="Sound models to use; house for none. [default: all that are here]"
        ),
    ] = ""
    commercial_use: Annotated[
        bool, typer.Option("--commercial-use", help="Use only models whose licence allows commercial use.")
    ] = False
    music: Annotated[str | None, typer.Option("--music", help="Lay music under the film; say which.")] = None
    cue_seconds: Annotated[
        float | None,
        typer.Option("--cue-seconds", min=0.1, help="Begin no more takes of a cue after so long. [default: no bound]"),
    ] = None

    def names(self) -> tuple[str, ...]:
        """The models asked for."""
        return split_names(self.makers)

    def wishes(self) -> "Wishes":
        """What the job allows."""
        from soundstage.soundmodels import Wishes

        return Wishes(self.names(), self.commercial_use, bool(self.music))


def split_names(text: str) -> tuple[str, ...]:
    """Names out of a list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def studio_options(
    hint: str | None,
    seed: int,
    speech: Path | None,
    only_scenes: str,
    candidates: int,
    transcript: bool,
    over_dialogue: bool = False,
    narrate: bool = False,
    hiring: MakersWanted | None = None,
) -> "StudioOptions":
    """The job's options from the command line's words.

    Raises:
        BadOption: one makes no sense.
        BadSound: the lines to be spoken are none.
        StorageError: they cannot be read.
    """
    from soundstage.options import StudioOptions

    if hint is not None and not hint.strip():
        raise BadOption("The hint is empty; say what the film shows, or leave --hint out.")
    makers = hiring or MakersWanted()
    if makers.music is not None and not makers.music.strip():
        raise BadOption("The music is not said; say which music it should be, or leave --music out.")
    if speech is not None:
        _check_lines(speech)
    return StudioOptions(
        hint=hint,
        seed=seed,
        speech=speech,
        only_scenes=split_names(only_scenes),
        candidates=candidates,
        transcribe=transcript,
        over_dialogue=over_dialogue,
        narrate=narrate,
        music=makers.music,
        cue_seconds=makers.cue_seconds,
    )


def _check_lines(path: Path) -> None:
    """Refuse lines that cannot be read now, not after the film was read."""
    from soundstage.synth.speech.lines import read_lines

    read_lines(path)


def work_folder(work: Path | None, film: Path, output: Path | None) -> Path:
    """The folder asked for; else `<name>.soundstage` beside the result (or in the current folder)."""
    if work is not None:
        return work
    if output is not None:
        return output.with_name(f"{output.stem}.soundstage")
    return Path(f"{film.stem}.soundstage")


@contextmanager
def open_studio(
    film: Path,
    work: Path,
    library: Sequence[Path] | None,
    options: "StudioOptions",
    quiet: bool,
    casting: "Casting | None" = None,
    hiring: MakersWanted | None = None,
) -> Iterator["Studio"]:
    """The studio for a film, its work folder held, its progress shown; without a casting, the house's.

    Without a hiring, no sound models are asked.

    Raises:
        StorageError: the film is no file, or the work folder cannot be used.
        BadOption: another run holds the work folder, or the casting or the hiring makes no sense.
        MissingPart: the models' clients are not installed.
    """
    from soundstage.casting import Casting
    from soundstage.makers import house_makers, permitted
    from soundstage.pipeline import Studio
    from soundstage.soundmodels import HOUSE, SoundModels
    from soundstage.workfolder import WorkFolder

    if not film.is_file():
        raise StorageError(f"{film} is not a file that can be read; check the path.")
    folder = WorkFolder(work)
    models, wishes = SoundModels(), (hiring or MakersWanted(makers=HOUSE)).wishes()
    makers = permitted(house_makers(library or ()), wishes.commercial_use)
    crew, options = models.crew(wishes), replace(options, clips=options.clips or models.looks(wishes))
    with folder.locked():
        cast = (casting or Casting()).cast(folder, options.seed, options.narrate)
        with stage_bars(quiet) as bars:
            yield Studio(film, folder, cast, makers, options, bars, crew=crew)
