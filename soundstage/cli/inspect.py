"""`soundstage inspect`: a film and its sound as one picture and one page."""

from pathlib import Path
from typing import Annotated

import typer

from soundstage.cli import options as opt
from soundstage.cli.console import print_facts, print_json
from soundstage.inspection import draw, page
from soundstage.inspection.preview import small_copy
from soundstage.pipeline import StudioOptions


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("inspect")(inspect)


def inspect(
    film: opt.Film,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="NAME", help="Writes NAME.png and NAME.html.")
    ] = None,
    work: opt.Work = None,
    json: opt.Json = False,
) -> None:
    """Draw shots, cues, waveform and spectrogram; works before and after dubbing."""
    place = opt.work_folder(work, film, None)
    target = output or Path(film.stem)
    png, html = target.with_name(target.name + ".png"), target.with_name(target.name + ".html")
    options = StudioOptions(keep_sheet=True)
    with opt.open_studio(film, place, None, options, json) as studio:
        master = studio.folder.root / "master.flac"
        heard = master if master.exists() else None
        preview = small_copy(heard, studio.folder.root) if heard else None
        draw(studio.reading, studio.folder.reading, studio.folder.saved_sheet(), heard, png)
        page(studio.reading, studio.folder.reading, studio.folder.saved_sheet(), heard, html, preview)
    if json:
        print_json({"png": str(png), "html": str(html)})
        return
    print_facts({"picture": str(png), "page": str(html)})
