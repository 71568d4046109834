"""The commands that talk to a running service: submit, status, watch, fetch, cancel, retry."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from soundstage.cli import options as opt
from soundstage.cli.bundles import bundled
from soundstage.cli.connection import JobId, Key, Url, connect
from soundstage.cli.console import print_facts, print_json, stdout
from soundstage.cli.ending import when_interrupted
from soundstage.cli.following import transfer, watched
from soundstage.cli.uploading import source_of
from soundstage.client import Client
from soundstage.client.calls.artifacts import Fetched
from soundstage.client.calls.jobs import failure
from soundstage.client.models import Job
from soundstage.errors import BadOption, BadSound

Source = Annotated[str, typer.Argument(metavar="FILM", help="A file, an https URL, or s3://bucket/key.")]
Priority = Annotated[str, typer.Option("--priority", help="normal, or bulk: only where normal leaves room.")]
Reference = Annotated[str | None, typer.Option("--reference", metavar="TEXT", help="Any text of yours, told back.")]
OriginalSound = Annotated[str, typer.Option("--original", help="The film's own sound: keep, duck, replace or remove.")]
Folder = Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", help="Wait, and bring the result here.")]
Container = Annotated[str, typer.Option("--format", help="mp4, mov, mkv, webm, avi, ts, or flac for sound alone.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (submit, status, watch, fetch, cancel, retry):
        app.command(command.__name__)(bundled(command))


def submit(
    film: Source,
    out: Folder = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the job to its end.")] = False,
    target: opt.Target = -16.0,
    original: OriginalSound = "duck",
    speech: opt.Speech = None,
    hint: opt.Hint = None,
    seed: opt.Seed = 0,
    only_scenes: opt.OnlyScenes = "",
    format: Container = "mp4",
    candidates: opt.Candidates = 2,
    transcript: opt.Transcript = True,
    narrate: opt.Narrate = False,
    *,
    playing: opt.CastWanted,
    hiring: opt.MakersWanted,
    reference: Reference = None,
    client_id: Annotated[
        str | None,
        typer.Option("--client-id", metavar="ID", help="An id of yours; a job that has it is followed."),
    ] = None,
    priority: Priority = "normal",
    url: Url = None,
    key: Key = None,
    json: opt.Json = False,
) -> None:
    """Send a film to a service to be dubbed. A film that was sent half is sent on with where it was."""
    options = {
        **{"hint": hint, "seed": seed, "target": target, "original": original, "candidates": candidates},
        **{"transcript": transcript, "format": format, "only_scenes": list(opt.split_names(only_scenes))},
        **asked_of_models(playing, narrate),
        **asked_of_makers(hiring),
        "speech": spoken(speech),
    }
    terms: dict[str, Any] = {"reference": reference, "client_id": client_id, "priority": priority}
    with connect(url, key) as client:
        when_interrupted("what was sent is kept; run the same command again to go on.")
        job = _known(client, client_id)
        if job is None:
            with transfer("upload", json) as told:
                source = source_of(client, film, told)
            job = client.submit(options=stated(options), **source, **terms)
        if not (wait or out):
            _show(job, json)
            return
        if not json:
            stdout.print(f"job  {job.id}", markup=False)
        _conclude(client, watched(client, job.id, json), out, (), json)


def status(job: JobId, url: Url = None, key: Key = None, json: opt.Json = False) -> None:
    """Say how a job stands."""
    with connect(url, key) as client:
        _show(client.job(job), json)


def watch(job: JobId, url: Url = None, key: Key = None, json: opt.Json = False) -> None:
    """Follow a job to its end; with --json, one event a line."""
    with connect(url, key) as client:
        if json:
            for event in client.events(job):
                typer.echo(event.model_dump_json())
            ended = client.job(job)
        else:
            ended = watched(client, job, quiet=False)
            _show(ended, json)
        _check(ended)


def fetch(
    job: JobId,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", help="Where to. [default: JOB]")] = None,
    only: Annotated[
        str, typer.Option("--only", metavar="NAME,NAME", help="These alone: film,master.flac,stems/*")
    ] = "",
    url: Url = None,
    key: Key = None,
    json: opt.Json = False,
) -> None:
    """Bring what a job made to a folder; broken off, it goes on where it was."""
    with connect(url, key) as client:
        _bring(client, job, out or Path(job), opt.split_names(only), json)


def cancel(job: JobId, url: Url = None, key: Key = None, json: opt.Json = False) -> None:
    """Stop a job now."""
    with connect(url, key) as client:
        _show(client.cancel(job), json)


def retry(
    job: JobId,
    most_tokens: opt.MostTokens = None,
    most_dollars: opt.MostDollars = None,
    url: Url = None,
    key: Key = None,
    json: opt.Json = False,
) -> None:
    """Go on with a job that failed, was canceled or expired; where its budget was spent, with a larger one."""
    with connect(url, key) as client:
        _show(client.retry(job, most_tokens=most_tokens, most_dollars=most_dollars), json)


def _known(client: Client, client_id: str | None) -> Job | None:
    """The job that has the client's id already: its film needs no second upload."""
    return next(iter(client.jobs(client_id=client_id, most=1)), None) if client_id else None


def asked_of_models(playing: opt.CastWanted, narrate: bool) -> dict[str, Any]:
    """The options on who reads and designs; a service that knows no models is told nothing of them."""
    spent = {"most_tokens": playing.most_tokens, "most_dollars": playing.most_dollars}
    return {"cast": str(playing.cast), "fallback": playing.fallback or None, "narrate": narrate or None, **spent}


def asked_of_makers(hiring: opt.MakersWanted) -> dict[str, Any]:
    """The options on sound models."""
    names = list(hiring.names())
    asked = {"makers": names, "commercial_use": hiring.commercial_use or None, "music": hiring.music}
    return {**asked, "cue_seconds": hiring.cue_seconds}


def stated(options: dict[str, Any]) -> dict[str, Any]:
    """Options less those that say nothing."""
    return {name: value for name, value in options.items() if value not in (None, [], ())}


def spoken(path: Path | None) -> str | None:
    """The lines of a subtitle file. Raises BadSound when they cannot be read."""
    if path is None:
        return None
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSound(f"{path} cannot be read ({error}); give an SRT or WebVTT file in UTF-8.") from error


def _conclude(client: Client, ended: Job, out: Path | None, only: Sequence[str], json: bool) -> None:
    _check(ended)
    if out is not None:
        _bring(client, ended.id, out, only, json)
    else:
        _show(ended, json)


def _bring(client: Client, id: str, out: Path, only: Sequence[str], json: bool) -> None:
    with transfer("fetch", json) as told:
        fetched = client.fetch(id, out, only=only, told=told)
    if json:
        print_json({"job": id, "files": [_fields(each) for each in fetched]})
        return
    if not fetched:
        raise BadOption(f"The job {id} has made nothing yet; see soundstage status {id}.")
    print_facts(_shown(fetched, out))


def _shown(fetched: list[Fetched], out: Path) -> dict[str, str]:
    """The files themselves, and folders of files in one line each."""
    shown: dict[str, str] = {}
    for folder, files in groupby(fetched, key=lambda each: each.name.rpartition("/")[0]):
        together = list(files)
        if folder and len(together) > 1:
            shown[f"{folder}/"] = f"{out / folder} ({len(together)} files)"
        else:
            shown |= {each.name: str(each.path) for each in together}
    return shown


def _fields(fetched: Fetched) -> dict[str, Any]:
    return {"name": fetched.name, "path": str(fetched.path), "bytes": fetched.bytes, "sha256": fetched.sha256}


def _check(ended: Job) -> None:
    if ended.status != "succeeded":
        raise failure(ended)


def _show(job: Job, json: bool) -> None:
    if json:
        print_json(job.model_dump(mode="json", exclude_none=True))
        return
    facts = {
        "job": job.id,
        "status": job.status,
        "stage": f"{job.stage or '-'} ({job.steps.done} of {job.steps.total} steps)",
        "progress": f"{job.progress:.0%}",
        "reference": job.reference or "",
        "why": job.why if job.error else "",
    }
    print_facts({name: value for name, value in facts.items() if value})
