"""`soundstage library`: the user's own recordings."""

from dataclasses import asdict
from pathlib import Path

import typer

from soundstage.cli.console import print_json, print_table, stderr, stdout
from soundstage.synth.library.index import Library, Summary, system_folders
from soundstage.synth.library.recording import Recording

app = typer.Typer(help="Your own recordings, for the studio to use.", no_args_is_help=True)
_JSON = typer.Option(False, "--json", help="Print JSON.")


def register(main: typer.Typer) -> None:
    """Add the commands."""
    main.add_typer(app, name="library")


@app.command("add")
def add(
    folder: Path | None = typer.Argument(None, help="A folder of recordings. [default: those known to this system]"),
    json: bool = _JSON,
) -> None:
    """Index a folder and everything below it; run it again after files changed."""
    folders = [folder] if folder is not None else list(system_folders())
    summaries = [Library.open(None).add(each) for each in folders]
    if json:
        print_json([asdict(summary) for summary in summaries])
        return
    if not summaries:
        stdout.print("No folder was named, and none that Soundstage knows is installed here.")
    for summary in summaries:
        _show(summary)


@app.command("remove")
def remove(folder: Path = typer.Argument(..., help="A folder that was added."), json: bool = _JSON) -> None:
    """Forget a folder; its files stay where they are."""
    count = Library.open(None).remove(folder)
    if json:
        print_json({"folder": str(folder), "forgotten": count})
        return
    stdout.print(f"{count} recordings of {folder} forgotten.", markup=False)


@app.command("list")
def listed(json: bool = _JSON) -> None:
    """List every recording with its licence and source."""
    recordings = Library.open(None).list()
    if json:
        print_json([_fields(recording) for recording in recordings])
        return
    _table([(recording, "") for recording in recordings])


@app.command("search")
def search(
    query: str = typer.Argument(..., help="What it should sound like, in your words."),
    limit: int = typer.Option(10, min=1, max=1000, help="How many recordings to show."),
    json: bool = _JSON,
) -> None:
    """Find recordings by meaning."""
    found = Library.open(None).search(query, limit=limit)
    if json:
        print_json([{"similarity": round(f.similarity, 3), **_fields(f.recording)} for f in found])
        return
    _table([(f.recording, f"{f.similarity:.2f}") for f in found])


def _show(summary: Summary) -> None:
    stdout.print(
        f"{summary.folder}: {summary.recordings} recordings "
        f"({summary.fresh} read now, {summary.unchanged} unchanged, {summary.gone} gone)",
        markup=False,
    )
    for path, problem in summary.broken:
        stderr.print(f"Skipped: {path}: {problem}", markup=False)


def _fields(recording: Recording) -> dict[str, object]:
    return {
        "path": str(recording.path),
        "title": recording.title,
        "words": recording.words,
        "ucs": recording.ucs,
        "duration": round(recording.duration, 3),
        "sample_rate": recording.sample_rate,
        "channels": recording.channels,
        "licence": recording.licence,
        "source": recording.source,
    }


def _table(rows: list[tuple[Recording, str]]) -> None:
    print_table(
        ("recording", "match", "licence", "source", "path"),
        [(one.title, match, one.licence, one.source, str(one.path)) for one, match in rows],
    )
