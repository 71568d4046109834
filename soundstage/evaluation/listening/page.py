"""Writes a listening test: a folder with one page and its films, to be opened anywhere, and the key beside it."""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from markupsafe import Markup

from soundstage.cuesheet import digest, write_aside
from soundstage.evaluation.bench.entries import Bench
from soundstage.evaluation.documents import write_document
from soundstage.evaluation.listening.documents import ASKED, FOLDER, KEY_FILE, REFERENCE, Key, Trial
from soundstage.evaluation.listening.planning import Plan, plan_test
from soundstage.evaluation.listening.stimuli import MEDIA, file_of, make_trial
from soundstage.evaluation.report.media import has_reference
from soundstage.evaluation.systems.lengths import seconds_of
from soundstage.evaluation.systems.results import Results
from soundstage.inspection import sheets
from soundstage.seals import seal

PAGE: Final = "index.html"
_HERE: Final = "soundstage.evaluation.listening"
_TEST_FILE: Final = "test.txt"


def make_test(
    bench: Bench,
    systems: Sequence[Results],
    folder: Path,
    plan: Plan,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Key:
    """Write `listening/` and its key into a folder; a test that was begun by the same plan is gone on with.

    Args:
        bench: the films and their reference sound.
        systems: what is compared.
        folder: receives both.
        plan: how many films, how long, by which seed.
        progress: told the fraction of films done.

    Raises:
        BadBench: no film has a soundtrack of every system.
        BadSound: a soundtrack or reference cannot be read.
        StorageError: the folder cannot be written.
    """
    referred = [entry for entry in bench.entries if has_reference(entry, bench.film_of(entry))]
    lengths = {entry.id: seconds_of(bench.film_of(entry)) for entry in referred}
    key = _of_these_sounds(plan_test(bench, systems, lengths, plan), bench, systems)
    test = folder / FOLDER
    _forget_another(test, key)
    for done, trial in enumerate(key.trials, start=1):
        make_trial(trial, *_material(bench, systems, trial), test)
        progress(done / len(key.trials))
    write_aside(test / PAGE, page(key))
    write_document(folder / KEY_FILE, key)
    return key


def page(key: Key) -> str:
    """The page of a test; nothing in it tells which system hides behind which letter."""
    script = sheets.text("listening.js", _HERE)
    return (
        sheets.templates(_HERE)
        .get_template("listening.html")
        .render(
            test=key.test,
            trials=[_shown(trial) for trial in key.trials],
            trials_json=Markup(_json(key)),  # escaped by `_json`
            style=sheets.style((_HERE, "listening.css")),
            script=Markup(script),  # our own file, not a user's words
            script_hash=sheets.digest(script),
        )
    )


def _json(key: Key) -> str:
    scales = [[scale.value, question] for scale, question in ASKED.items()]
    told = {"test": key.test, "scales": scales, "trials": [_shown(trial) for trial in key.trials]}
    return json.dumps(told).replace("<", "\\u003c")


def _shown(trial: Trial) -> dict[str, object]:
    labels = sorted(trial.systems)
    return {"id": trial.id, "labels": labels, "files": {label: file_of(trial, label) for label in labels}}


def _material(bench: Bench, systems: Sequence[Results], trial: Trial) -> tuple[Path, Mapping[str, Path]]:
    entry = bench.entry(trial.film)
    made = {each.system: sound for each in systems if (sound := each.sound_of(entry)) is not None}
    return bench.film_of(entry), {**made, REFERENCE: bench.sound_of(entry)}


def _of_these_sounds(key: Key, bench: Bench, systems: Sequence[Results]) -> Key:
    """The key with a test id of what is heard, too: where a system is run anew, what was said is of other sounds."""
    materials = (_material(bench, systems, trial) for trial in key.trials)
    heard = [
        [seal(film)["sha256"], *(seal(sounds[name])["sha256"] for name in sorted(sounds))] for film, sounds in materials
    ]
    return key.model_copy(update={"test": digest([key.test, heard])[:12]})


def _forget_another(test: Path, key: Key) -> None:
    """Films of another test would be taken for this one's, which have the same names."""
    mark = test / _TEST_FILE
    if mark.exists() and mark.read_text(encoding="utf-8").strip() == key.test:
        return
    shutil.rmtree(test / MEDIA, ignore_errors=True)
    test.mkdir(parents=True, exist_ok=True)
    write_aside(mark, key.test + "\n")
