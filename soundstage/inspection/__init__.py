"""A film and its sound as one picture and as one self-contained page."""

from pathlib import Path

from soundstage.cuesheet import CueSheet
from soundstage.reading import Reading

# The drawing parts are imported when something is drawn: the command line must not wait for
# matplotlib each time it starts.


def draw(reading: Reading, reading_folder: Path, sheet: CueSheet | None, master: Path | None, png: Path) -> None:
    """Draw shots, scenes, motion, cues, waveform and spectrogram over time into a PNG.

    Args:
        reading: what was read off the film.
        reading_folder: where its keyframes, motion curve and original sound lie.
        sheet: scenes and cues; None before the design.
        master: the mixed sound; None shows the film's original sound, if it has any.
        png: written aside, then renamed.

    Raises:
        StorageError: the picture cannot be written.
        BadSound: the sound cannot be read.
    """
    from soundstage.inspection.picture import draw_picture

    draw_picture(reading, reading_folder, sheet, master, png)


def page(
    reading: Reading,
    reading_folder: Path,
    sheet: CueSheet | None,
    master: Path | None,
    html: Path,
    preview: Path | None = None,
) -> None:
    """Write one HTML file that needs nothing else: a zoomable timeline, and tables of scenes and cues.

    Args:
        reading: what was read off the film.
        reading_folder: where its keyframes, motion curve and original sound lie.
        sheet: scenes and cues; None before the design.
        master: the mixed sound; None shows the film's original sound, if it has any.
        html: written aside, then renamed.
        preview: a small MP3, Ogg, FLAC or WAV file (up to 24 MB) that the page carries and plays.

    Raises:
        StorageError: the page cannot be written.
        BadSound: a sound cannot be read, or the preview is too large or of another kind.
    """
    from soundstage.inspection.page import write_page

    write_page(reading, reading_folder, sheet, master, html, preview)
