"""`soundstage evaluate`: how well the casts decide, on cases with known answers; and how good soundtracks are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from soundstage.cli import asking, benchmarking
from soundstage.cli.bundles import bundled
from soundstage.cli.console import print_json, print_table, stdout
from soundstage.errors import BadOption

# The casts and the knowledge base take a second to load: only for the command that asks them.
if TYPE_CHECKING:
    from soundstage.agents.roles import Cast
    from soundstage.evaluation.labelling import Answer, LabelReport, LabelScore, Ranking
    from soundstage.evaluation.merging import Decision, MergeReport, MergeScore

app = typer.Typer(help="Measure soundtracks, and who makes them.", no_args_is_help=True)


@dataclass(frozen=True)
class _Wanted:
    """Who is measured, and how it is told: the options of every benchmark."""

    model: Annotated[
        str | None, typer.Option("--model", metavar="PROVIDER:NAME", help="Also ask this model, beside the house.")
    ] = None
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", metavar="URL", help="Where the model is served. [default: the provider's]"),
    ] = None
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=256, help="Questions asked at the same time.")
    ] = 8
    wrong: Annotated[bool, typer.Option("--wrong", help="List what was wrong, too.")] = False
    json: Annotated[bool, typer.Option("--json", help="Print JSON, with all that was wrong.")] = False


@dataclass(frozen=True)
class _Table:
    """Rows under their headings."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class _Measured:
    """What a benchmark found: its scores and what was wrong as tables, and all of it as records under a name."""

    scores: _Table
    wrong: _Table
    name: str
    records: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class _Ranked:
    """A ranking's report; `deep` tells whether it gave five labels or only the chosen one."""

    report: "LabelReport"
    deep: bool


def register(main: typer.Typer) -> None:
    """Add the commands."""
    main.add_typer(app, name="evaluate")


benchmarking.register(app)
asking.register(app)


@app.command("merge")
@bundled
def merge(*, wanted: _Wanted) -> None:
    """Which neighbouring shots are one scene: precision and recall of the merges."""
    from soundstage.evaluation.merging import judge_pairs

    reports = {cast.name: judge_pairs(cast.storyboarder, workers=wanted.concurrency) for cast in _casts(wanted)}
    measured = _Measured(
        scores=_Table(
            ("judge", "part", "pairs", "precision", "recall", "F1", "accuracy"),
            [row for name, report in reports.items() for row in _merge_rows(name, report)],
        ),
        wrong=_Table(
            ("judge", "part", "pair", "truth", "why", "what the judge said"),
            [_wrong_row(name, decision) for name, report in reports.items() for decision in report.wrong()],
        ),
        name="judges",
        records=[_merge_record(name, report) for name, report in reports.items()],
    )
    _show(measured, wanted)


@app.command("labels")
@bundled
def labels(*, wanted: _Wanted) -> None:
    """Which label a description finds: right in the first place, and among the first five."""
    ranked = _ranked(_casts(wanted), wanted.concurrency)
    measured = _Measured(
        scores=_Table(
            ("ranking", "part", "cases", "top-1", "top-5"),
            [row for name, each in ranked.items() for row in _label_rows(name, each)],
        ),
        wrong=_Table(
            ("ranking", "part", "words", "right", "found"),
            [_missed_row(name, answer) for name, each in ranked.items() for answer in each.report.missed()],
        ),
        name="rankings",
        records=[_label_record(name, each) for name, each in ranked.items()],
    )
    _show(measured, wanted)


def _show(measured: _Measured, wanted: _Wanted) -> None:
    if wanted.json:
        print_json({measured.name: measured.records})
        return
    print_table(measured.scores.columns, measured.scores.rows)
    if wanted.wrong:
        stdout.print()
        print_table(measured.wrong.columns, measured.wrong.rows)


def _casts(wanted: _Wanted) -> "list[Cast]":
    from soundstage.agents.house import house_cast

    if wanted.model is None:
        if wanted.base_url is not None:
            raise BadOption("--base-url needs a model that is served there; name it with --model PROVIDER:NAME.")
        return [house_cast()]
    return [house_cast(), _cast_of(wanted.model, wanted)]


def _cast_of(model: str, wanted: _Wanted) -> "Cast":
    """The cast of one model, which remembers nothing: what is measured is asked."""
    from soundstage.agents.llm import llm_cast
    from soundstage.agents.names import CastName
    from soundstage.casting import Casting
    from soundstage.evaluation.asking import NoMemory, ignore

    settings = Casting(CastName.LLM, model, wanted.base_url).settings()
    asked = llm_cast(settings.model_copy(update={"concurrency": wanted.concurrency}), memory=NoMemory(), record=ignore)
    return replace(asked, name=model)


def _ranked(casts: "Iterable[Cast]", workers: int) -> dict[str, _Ranked]:
    """The knowledge base's own ranking first, then what each cast's Synthesizer chooses."""
    from soundstage.evaluation.labelling import chosen_by, rank_labels, searched

    def asked(ranking: "Ranking", deep: bool) -> _Ranked:
        return _Ranked(rank_labels(ranking, workers=workers), deep)

    chosen = {f"{cast.name}, chosen": asked(chosen_by(cast.synthesizer), deep=False) for cast in casts}
    return {"knowledge base": asked(searched, deep=True), **chosen}


def _merge_rows(name: str, report: "MergeReport") -> list[tuple[str, ...]]:
    return [
        (name, part, str(s.pairs), f"{s.precision:.3f}", f"{s.recall:.3f}", f"{s.f1:.3f}", f"{s.accuracy:.3f}")
        for part, s in _merge_scores(report).items()
    ]


def _merge_scores(report: "MergeReport") -> "Mapping[str, MergeScore]":
    from soundstage.evaluation.cases import Part

    return {part.value: report.score(part) for part in Part}


def _merge_record(name: str, report: "MergeReport") -> dict[str, Any]:
    shares = ("pairs", "precision", "recall", "f1", "accuracy")
    return {
        "name": name,
        "scores": {
            part: {**asdict(score), **{share: getattr(score, share) for share in shares}}
            for part, score in _merge_scores(report).items()
        },
        "wrong": [
            {
                "id": decision.pair.id,
                "part": decision.pair.part,
                "merge": decision.pair.merge,
                "reason": decision.pair.reason,
                "said": asdict(decision.verdict),
            }
            for decision in report.wrong()
        ],
    }


def _wrong_row(name: str, decision: "Decision") -> tuple[str, ...]:
    pair = decision.pair
    truth = "one scene" if pair.merge else "two scenes"
    return (name, pair.part, pair.id, truth, pair.reason, decision.verdict.reason)


def _label_rows(name: str, ranked: _Ranked) -> list[tuple[str, ...]]:
    return [
        (name, part, str(score.cases), f"{score.top1:.3f}", f"{score.top5:.3f}" if ranked.deep else "-")
        for part, score in _label_scores(ranked).items()
    ]


def _label_scores(ranked: _Ranked) -> "Mapping[str, LabelScore]":
    from soundstage.evaluation.cases import Part

    return {part.value: ranked.report.score(part) for part in Part}


def _label_record(name: str, ranked: _Ranked) -> dict[str, Any]:
    return {
        "name": name,
        "scores": {
            part: {"cases": score.cases, "top1": score.top1, "top5": score.top5 if ranked.deep else None}
            for part, score in _label_scores(ranked).items()
        },
        "missed": [
            {"words": a.case.words, "part": a.case.part, "labels": a.case.labels, "found": a.found}
            for a in ranked.report.missed()
        ],
    }


def _missed_row(name: str, answer: "Answer") -> Sequence[str]:
    case = answer.case
    return (name, case.part, case.words, ", ".join(case.labels), ", ".join(answer.found) or "nothing")
