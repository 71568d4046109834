"""`soundstage dub` and its single stages: storyboard, design, render, mix."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from soundstage.cli import options as opt
from soundstage.cli.bundles import bundled
from soundstage.cli.console import print_facts, print_json, print_table, stderr, stdout
from soundstage.cuesheet import CueSheet
from soundstage.delivery import SPOKEN_OVER, Delivery, Order, deliver
from soundstage.errors import BadOption
from soundstage.mix.film import Original
from soundstage.options import StudioOptions
from soundstage.workfolder import WorkFolder

# So many notes are printed; hundreds would push the result out of sight.
_MOST_NOTES = 20

Output = Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="The film with its soundtrack.")]
OriginalMode = Annotated[Original, typer.Option("--original", help="What becomes of the film's own sound.")]
Stems = Annotated[Path | None, typer.Option("--stems", metavar="DIR", help="Also write one FLAC per layer here.")]
Format = Annotated[
    str | None, typer.Option("--format", help="mp4, mov, mkv, webm, avi, ts; flac is the sound alone. [default: OUT's]")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (dub, storyboard, design, render, mix):
        app.command(command.__name__)(bundled(command))


def dub(
    film: opt.Film,
    output: Output,
    work: opt.Work = None,
    stems: Stems = None,
    target: opt.Target = -16.0,
    original: OriginalMode = Original.DUCK,
    library: opt.Library = None,
    speech: opt.Speech = None,
    hint: opt.Hint = None,
    seed: opt.Seed = 0,
    only_scenes: opt.OnlyScenes = "",
    format: Format = None,
    candidates: opt.Candidates = 2,
    transcript: opt.Transcript = True,
    narrate: opt.Narrate = False,
    *,
    playing: opt.CastOptions,
    hiring: opt.MakersWanted,
    json: opt.Json = False,
) -> None:
    """Give a film its soundtrack. Interrupted, or run again after an edit, it goes on from what is done."""
    over = original in SPOKEN_OVER
    chosen = opt.studio_options(
        hint, seed, speech, only_scenes, candidates, transcript, over, narrate=narrate, hiring=hiring
    )
    order = Order(output=output, stems=stems, target=target, original=original, format=format)
    place = opt.work_folder(work, film, output)
    order.check(film, place)
    with opt.open_studio(film, place, library, chosen, json, playing.casting(), hiring) as studio:
        delivery = deliver(studio, order)
    _show_delivery(delivery, json)


def mix(
    film: opt.Film,
    output: Output,
    work: opt.Work = None,
    stems: Stems = None,
    target: opt.Target = -16.0,
    original: OriginalMode = Original.DUCK,
    library: opt.Library = None,
    format: Format = None,
    *,
    hiring: opt.MakersWanted,
    json: opt.Json = False,
) -> None:
    """Mix the takes of the cue sheet as it stands, without designing anything anew."""
    order = Order(output=output, stems=stems, target=target, original=original, format=format)
    place = _designed(work, film, output)
    order.check(film, place)
    with opt.open_studio(
        film, place, library, StudioOptions(keep_sheet=True, cue_seconds=hiring.cue_seconds), json, None, hiring
    ) as studio:
        delivery = deliver(studio, order)
    _show_delivery(delivery, json)


def storyboard(
    film: opt.Film,
    work: opt.Work = None,
    hint: opt.Hint = None,
    transcript: opt.Transcript = True,
    *,
    playing: opt.CastOptions,
    json: opt.Json = False,
) -> None:
    """Read the film and merge its shots into scenes."""
    chosen = opt.studio_options(hint, 0, None, "", 1, transcript)
    with opt.open_studio(film, opt.work_folder(work, film, None), None, chosen, json, playing.casting()) as studio:
        story = studio.story
        notes = studio.notes
    _show_notes(notes, stderr)
    if json:
        print_json(story.model_dump(mode="json"))
        return
    stdout.print(story.overview.summary, markup=False)
    rows = [
        (s.id, f"{s.start:.2f}", f"{s.end:.2f}", f"{s.shots[0]}-{s.shots[1]}", s.caption.summary) for s in story.scenes
    ]
    print_table(("scene", "start", "end", "shots", "what happens"), rows)


def design(
    film: opt.Film,
    work: opt.Work = None,
    speech: opt.Speech = None,
    hint: opt.Hint = None,
    seed: opt.Seed = 0,
    transcript: opt.Transcript = True,
    narrate: opt.Narrate = False,
    *,
    playing: opt.CastOptions,
    hiring: opt.MakersWanted,
    json: opt.Json = False,
) -> None:
    """Decide what should be heard, and write the cue sheet."""
    chosen = opt.studio_options(hint, seed, speech, "", 1, transcript, narrate=narrate, hiring=hiring)
    with opt.open_studio(film, opt.work_folder(work, film, None), None, chosen, json, playing.casting()) as studio:
        sheet = studio.sheet
        notes = studio.notes
        place = studio.folder.sheet
    _show_sheet(sheet, notes, place, json)


def render(
    film: opt.Film,
    work: opt.Work = None,
    library: opt.Library = None,
    speech: opt.Speech = None,
    hint: opt.Hint = None,
    seed: opt.Seed = 0,
    only_scenes: opt.OnlyScenes = "",
    candidates: opt.Candidates = 2,
    transcript: opt.Transcript = True,
    narrate: opt.Narrate = False,
    *,
    playing: opt.CastOptions,
    hiring: opt.MakersWanted,
    json: opt.Json = False,
) -> None:
    """Render the cues of the cue sheet to takes."""
    chosen = opt.studio_options(hint, seed, speech, only_scenes, candidates, transcript, narrate=narrate, hiring=hiring)
    with opt.open_studio(
        film, opt.work_folder(work, film, None), library, chosen, json, playing.casting(), hiring
    ) as studio:
        rendered = studio.rendered
        notes = studio.notes
        place = studio.folder.takes
    if json:
        takes = {
            name: {"path": str(take.path), "maker": take.maker, "score": take.score}
            for name, take in rendered.takes.items()
        }
        print_json({"takes": takes, "fresh": rendered.fresh, "silent": dict(rendered.silent), "notes": notes})
        return
    print_facts({"takes": f"{len(rendered.takes)} in {place}", "rendered now": str(rendered.fresh)})
    _show_silent(dict(rendered.silent))
    _show_notes(notes)


def _designed(work: Path | None, film: Path, output: Path) -> Path:
    """The folder whose sheet is to be mixed: where `dub` would work, else where `design` does."""
    places = [opt.work_folder(work, film, output), opt.work_folder(work, film, None)]
    place = next((each for each in places if WorkFolder(each).sheet.exists()), None)
    if place is None:
        named = " or ".join(str(each) for each in dict.fromkeys(places))
        raise BadOption(
            f"There is no cue sheet in {named}; run soundstage design first, or name the folder with --work."
        )
    return place


def _show_delivery(delivery: Delivery, json: bool) -> None:
    if json:
        print_json(asdict(delivery))
        return
    _show_silent(delivery.silent)
    _show_notes([*delivery.mix.notes, *delivery.notes])
    print_facts(
        {
            "film": str(delivery.film),
            "loudness": f"{delivery.mix.loudness:.1f} LUFS, true peak {delivery.mix.true_peak:.1f} dBTP",
            "cue sheet": f"{delivery.work / 'cuesheet.json'} (edit it and run the same command again)",
            "stems": str(delivery.stems),
            "report": str(delivery.report),
        }
    )


def _show_sheet(sheet: CueSheet, notes: Sequence[str], place: Path, json: bool) -> None:
    if json:
        _show_notes(notes, stderr)  # what is printed is the sheet and nothing else
        print_json(sheet.model_dump(mode="json"))
        return
    rows = [
        (cue.id, cue.layer, cue.label, f"{cue.start:.2f}", f"{cue.end:.2f}", f"{cue.level:.0f}", str(len(cue.anchors)))
        for cue in sheet.cues()
    ]
    print_table(("cue", "layer", "label", "start", "end", "LUFS", "hits"), rows)
    _show_notes(notes)
    stdout.print(f"Cue sheet: {place}", markup=False)


def _show_notes(notes: Sequence[str], console: Console = stdout) -> None:
    for note in notes[:_MOST_NOTES]:
        console.print(f"Note: {note}", markup=False)
    if len(notes) > _MOST_NOTES:
        console.print(f"And {len(notes) - _MOST_NOTES} more notes; talk.txt in the work folder has them all.")


def _show_silent(silent: dict[str, str]) -> None:
    for name, reason in silent.items():
        stderr.print(f"Not heard: {name}: {reason}", markup=False)
