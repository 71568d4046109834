"""`soundstage inspect`: a film and its sound as one picture and one page."""

from pathlib import Path
from typing import Annotated

import typer

from soundstage.cli import options as opt
from soundstage.cli.console import print_facts, print_json, stdout
from soundstage.inspection import draw, page
from soundstage.inspection.preview import small_copy
from soundstage.options import StudioOptions


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
        reading, sheet = studio.reading, studio.folder.saved_sheet()
        master = studio.folder.root / "master.flac"
        heard = master if master.exists() else None
        preview = small_copy(heard, studio.folder.root) if heard else None
        draw(reading, studio.folder.reading, sheet, heard, png)
        page(reading, studio.folder.reading, sheet, heard, html, preview)
    if json:
        print_json({"png": str(png), "html": str(html), "cues": sheet is not None})
        return
    if sheet is None:
        stdout.print(
            f"There is no cue sheet in {place}; name the folder of a dub with --work to see its cues.", markup=False
        )
    print_facts({"picture": str(png), "page": str(html)})
