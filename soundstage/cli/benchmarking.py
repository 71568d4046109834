"""`soundstage evaluate` on films: make or check a bench, run systems over it, score and report, and ask listeners."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from soundstage.cli import options as opt
from soundstage.cli.bundles import bundled
from soundstage.cli.console import StageBars, print_facts, print_json, print_table, stage_bars, stdout
from soundstage.errors import BadOption

# What evaluates takes seconds to load: only for the command that needs it.
if TYPE_CHECKING:
    from soundstage.evaluation.bench.entries import Bench
    from soundstage.evaluation.entrants import Terms
    from soundstage.evaluation.report.tables import Cell
    from soundstage.evaluation.scoring.networks import Networks
    from soundstage.evaluation.scoring.scores import Scores
    from soundstage.evaluation.systems.results import Results

FEATURES = "features"

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The bench's folder, with its bench.json.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Films at a time. [default: one for each processor]")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="SYSTEM", help="Only these systems' results; may be given again. [default: all]"),
]
Named = Annotated[
    list[str] | None,
    typer.Option(
        "--system",
        metavar="NAME",
        help="soundstage, no-storyboard, no-correction, no-retrieval, no-listening, windows[:MAKER] or folder:PATH; "
        "may be given again. [default: all but the last]",
    ),
]
Set = Annotated[str, typer.Option("--set", metavar="NAME", help="small (6 films) or large (24 longer ones).")]
Offline = Annotated[bool, typer.Option("--offline", help="Leave out all measures by networks.")]
Caches = Annotated[
    Path | None,
    typer.Option("--caches", metavar="DIR", help="Exchange features with av-benchmark: DIR/reference, DIR/SYSTEM."),
]
Resamples = Annotated[int, typer.Option("--resamples", min=10, help="Draws for each interval.")]


@dataclass(frozen=True)
class _Told:
    """What systems are told beside who decides."""

    makers: Annotated[
        str, typer.Option("--makers", metavar="NAME,NAME", help="Sound models that help Soundstage. [default: none]")
    ] = "house"
    library: opt.Library = None
    seed: opt.Seed = 0
    window: Annotated[float, typer.Option("--window", min=0.5, help="Length of the baseline's windows (s).")] = 10.0
    joins_every: Annotated[
        float | None, typer.Option("--joins-every", min=0.1, help="Where sounds of a folder were joined (s).")
    ] = None

    def terms(self, casting: opt.CastOptions) -> "Terms":
        """All of it for the systems."""
        from soundstage.evaluation.entrants import Terms

        library = tuple(self.library or ())
        return Terms(casting.casting(), opt.split_names(self.makers), library, self.seed, self.window, self.joins_every)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (films, read, check, card, run, score, report, bench):
        app.command(command.__name__)(command)


def films(
    folder: Folder,
    set: Set = "small",
    seed: opt.Seed = 0,
    workers: Workers = None,
    json: opt.Json = False,
) -> None:
    """Make a set of films with exactly known events, and their bench."""
    made = _films(folder, set, seed, workers, json)
    if json:
        print_json({"bench": str(folder / "bench.json"), "films": len(made.entries)})
        return
    stdout.print(f"{len(made.entries)} films lie in {folder}.", markup=False)


def read(
    path: Annotated[Path, typer.Argument(metavar="LIST", help="A folder of films and sounds, or a published list.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where the bench is to lie.")],
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="pairs, vggsound, unav-100, longvale, kling-audio-eval or lvas-bench. [default: as it looks]",
        ),
    ] = None,
    media: Annotated[
        Path | None,
        typer.Option("--media", metavar="DIR", help="Where films and sounds lie. [default: beside the list]"),
    ] = None,
    json: opt.Json = False,
) -> None:
    """Read a bench in another format, and write its bench.json; the films stay where they are."""
    from soundstage.evaluation.bench.readers import read_bench

    found = read_bench(path, format, media)
    made = found.bench.save(output)
    if json:
        print_json({"films": len(made.entries), "problems": [asdict(problem) for problem in found.missing]})
        return
    for problem in found.missing:
        stdout.print(str(problem), markup=False)
    stdout.print(f"{len(made.entries)} films, {len(found.missing)} problems; see {output}.", markup=False)


def check(folder: Folder, workers: Workers = None, json: opt.Json = False) -> None:
    """Say what is wrong with a bench, in which file; ends with 14 where a film cannot be scored."""
    from soundstage.errors import BadBench
    from soundstage.evaluation.bench.checking import check_bench
    from soundstage.evaluation.bench.entries import Bench

    found = Bench.load(folder)
    with bar("check", json) as progress:
        checked = check_bench(found, workers, progress)
    if json:
        print_json({"problems": [asdict(problem) for problem in checked.problems]})
    else:
        for problem in checked.problems:
            stdout.print(str(problem), markup=False)
        stdout.print(f"{len(checked.errors)} errors, {len(checked.warnings)} warnings.", markup=False)
    if checked.errors:
        raise BadBench(f"{folder} has films that cannot be scored ({len(checked.errors)} errors); mend or remove them.")


def card(folder: Folder, workers: Workers = None, json: opt.Json = False) -> None:
    """Write a card of a bench's statistics: card.md and card.png."""
    from soundstage.cuesheet import write_aside
    from soundstage.evaluation.bench import statistics
    from soundstage.evaluation.bench.checking import check_bench
    from soundstage.evaluation.bench.entries import Bench

    found = Bench.load(folder)
    with bar("read", json) as progress:
        checked = check_bench(found, workers, progress)
    made = statistics.card_of(found, checked.measured, len(checked.errors), len(checked.warnings))
    text, png = folder / "card.md", folder / "card.png"
    write_aside(text, statistics.markdown(made))
    statistics.plot(made, png)
    if json:
        print_json({**made.model_dump(mode="json"), "card": str(text), "plot": str(png)})
        return
    print_facts({"films": str(made.films), "card": str(text), "plot": str(png)})


@bundled
def run(
    folder: Folder,
    system: Named = None,
    workers: Workers = None,
    json: opt.Json = False,
    *,
    told: _Told,
    casting: opt.CastOptions,
) -> None:
    """Have systems make soundtracks for a bench; what is made already is not made again."""
    _one_thread_each()
    from soundstage.evaluation.bench.entries import Bench

    made = _run(Bench.load(folder), folder, system, told.terms(casting), workers, json)
    if json:
        print_json([each.model_dump(mode="json") for each in made])
        return
    print_table(("system", "films", "failed", "time"), [_made_row(each) for each in made])


def score(
    folder: Folder,
    only: Only = None,
    offline: Offline = False,
    caches: Caches = None,
    resamples: Resamples = 1000,
    workers: Workers = None,
    json: opt.Json = False,
) -> None:
    """Score what systems made for a bench; writes scores.json."""
    _one_thread_each()
    from soundstage.evaluation.bench.entries import Bench
    from soundstage.evaluation.entrants import results_in

    films, made = Bench.load(folder), results_in(folder, only or ())
    _show(_score(films, made, folder, offline, resamples, workers, json, caches), json)


def report(folder: Folder, only: Only = None, json: opt.Json = False) -> None:
    """Write report.md and report.html of a bench's scores."""
    from soundstage.evaluation.bench.entries import Bench
    from soundstage.evaluation.scoring.scores import Scores

    written = _report(Bench.load(folder), Scores.load(folder), folder, only)
    if json:
        print_json(written)
        return
    print_facts(written)


@bundled
def bench(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The bench's folder; made if missing.")] = Path("bench"),
    set: Set = "small",
    seed: opt.Seed = 0,
    system: Named = None,
    offline: Offline = False,
    resamples: Resamples = 1000,
    workers: Workers = None,
    json: opt.Json = False,
) -> None:
    """Do it all from nothing, offline: make films, run Soundstage, its ablations and the baseline, score, report.

    The same command goes on where it was.
    """
    _one_thread_each()
    from soundstage.evaluation.bench.entries import BENCH_FILE, Bench
    from soundstage.evaluation.entrants import Terms, results_in

    began = perf_counter()
    given = (folder / BENCH_FILE).exists()
    films = Bench.load(folder) if given else _films(folder, set, seed, workers, json)
    _run(films, folder, system, Terms(seed=seed), workers, json)
    scores = _score(films, results_in(folder), folder, offline, resamples, workers, json)
    written = _report(films, scores, folder, None)
    took = round(perf_counter() - began, 1)
    if json:
        print_json({**written, "scores": scores.model_dump(mode="json"), "seconds": took})
        return
    _show(scores, False)
    print_facts({**written, "time": f"{took:.0f} s"})


def _one_thread_each() -> None:
    """Films are worked side by side: threads within each would wait for each other (15 times the work, measured).

    Only before numpy is loaded does this count. Networks keep their threads, which are not OpenBLAS's.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _films(folder: Path, name: str, seed: int, workers: int | None, quiet: bool) -> "Bench":
    from soundstage.evaluation.films.making import make_films

    with bar("films", quiet) as progress:
        return make_films(folder, name, seed, workers, progress)


def _run(
    films: "Bench", folder: Path, named: Sequence[str] | None, terms: "Terms", workers: int | None, quiet: bool
) -> "list[Results]":
    from soundstage.evaluation.entrants import STANDARD, place_of, systems_of
    from soundstage.evaluation.systems.running import run as run_system

    systems = systems_of(named or STANDARD, terms)
    made = []
    with stage_bars(quiet) as bars:
        for each in systems:
            watch = partial(_watch, bars, each.name)
            watch("", 0.0)
            made.append(run_system(each, films, place_of(each, folder), workers, watch))
    return made


def _score(
    films: "Bench",
    systems: "Sequence[Results]",
    folder: Path,
    offline: bool,
    resamples: int,
    workers: int | None,
    quiet: bool,
    caches: Path | None = None,
) -> "Scores":
    from soundstage.evaluation.scoring.measuring import Scoring, score
    from soundstage.evaluation.scoring.networks import no_networks

    how = Scoring(resamples=resamples, workers=workers)
    with bar("score", quiet) as progress:
        networks = no_networks if offline else _networks(folder, caches, progress)
        return score(films, systems, folder, how, networks, progress).save(folder)


def _networks(folder: Path, caches: Path | None, tell: Callable[[float], None]) -> "Networks":
    """What measures by networks; every extractor fills the bar once more."""
    from soundstage.evaluation.features.at_hand import extractors_at_hand
    from soundstage.evaluation.features.kept import Kept
    from soundstage.evaluation.scoring.networks import NetworksAtHand
    from soundstage.soundmodels import SoundModels

    hands, kept = extractors_at_hand(SoundModels()), Kept(folder / FEATURES)
    return NetworksAtHand(hands, kept, caches, on_progress=lambda told: tell(told.done / told.of))


def _report(films: "Bench", scores: "Scores", folder: Path, only: Sequence[str] | None) -> dict[str, str]:
    from soundstage.evaluation.entrants import results_in
    from soundstage.evaluation.report.writing import write_report

    if missing := sorted(set(only or ()) - {each.system for each in scores.systems}):
        raise BadOption(f"{folder} has no scores of {missing[0]}; score it first: soundstage evaluate score {folder}.")
    scored = [each for each in scores.systems if not only or each.system in only]
    systems = results_in(folder, [each.system for each in scored])
    written = write_report(scores.model_copy(update={"systems": tuple(scored)}), films, systems, folder)
    return {"report": str(written.markdown), "page": str(written.page)}


def _watch(bars: StageBars, system: str, film: str, fraction: float) -> None:
    bars(system, fraction)


@contextmanager
def bar(name: str, quiet: bool) -> Iterator[Callable[[float], None]]:
    """Show one bar while the block runs; `quiet` shows none."""
    with stage_bars(quiet) as bars:
        yield lambda fraction: bars(name, fraction)


def _made_row(made: "Results") -> tuple[str, ...]:
    seconds = sum(result.seconds for result in made.results)
    return (made.system, str(len(made.results)), str(len(made.failures)), f"{seconds:.1f} s")


def _show(scores: "Scores", json: bool) -> None:
    """The main measures of all systems."""
    if json:
        print_json(scores.model_dump(mode="json"))
        return
    from soundstage.evaluation.report.tables import summary

    table = summary(scores)
    rows = zip(table.columns, *(map(_text, row.cells) for row in table.rows), strict=True)
    print_table(("", *(_short(row.name) for row in table.rows)), list(rows))
    for each in scores.systems:
        if each.failures:
            stdout.print(
                f"{each.system} failed on {len(each.failures)} of its films; the report says why.", markup=False
            )
    for left in scores.left_out:
        stdout.print(f"Left out: {', '.join(left.metrics)}; {left.why}", markup=False)


def _text(cell: "Cell") -> str:
    return cell.text


def _short(name: str) -> str:
    """An ablation of Soundstage by what it lacks."""
    return name.removeprefix("soundstage-")
