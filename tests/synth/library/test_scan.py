import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundstage.errors import BadSound, StorageError
from soundstage.synth.library.recording import Recording
from soundstage.synth.library.scan import recordings_in, walk
from tests.synth.library.conftest import Record
from tests.synth.library.fonts import Sample, write_font
from tests.synth.library.sounds import noise, tone


def only(folder: Path) -> Recording:
    (found,) = walk(folder)
    (recording,) = recordings_in(found)
    return recording


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3", "aiff", "WAV"])
def test_kinds_of_files(record: Record, folder: Path, kind: str):
    record(f"door_slam.{kind}", 0.1 * noise(0.5))
    recording = only(folder)
    assert recording.words == "door slam"
    assert recording.duration == pytest.approx(0.5, abs=0.06)


def test_the_short_ending_of_aiff_counts_too(record: Record, folder: Path):
    recording = record("door_slam.aiff", noise(0.1))
    recording.path.rename(folder / "door_slam.aif")
    assert only(folder).words == "door slam"


def test_folders_are_searched_in_depth_and_hidden_ones_are_not(record: Record, folder: Path):
    for name in ("a.wav", "x/y/z/b.wav", ".hidden/c.wav", "x/.d.wav", "notes.txt"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, noise(0.1), 44_100) if path.suffix == ".wav" else path.write_text("hello")
    assert [found.path.name for found in walk(folder)] == ["a.wav", "b.wav"]


def test_a_link_back_into_the_folder_does_not_count_twice(record: Record, folder: Path):
    recording = record("rain.wav", noise(0.1))
    (folder / "again.wav").symlink_to(recording.path)
    assert [found.path.name for found in walk(folder)] == ["rain.wav"]


def test_ucs_names_give_title_category_and_source(record: Record, folder: Path):
    record("DOORWood_Old Door Creak_JSmith_HauntedHouse.wav", noise(0.1))
    recording = only(folder)
    assert (recording.words, recording.ucs, recording.source) == ("old door creak", "DOORWood", "HauntedHouse")
    assert "wood" in recording.context


def test_freesound_names_give_title_and_source(record: Record, folder: Path):
    record("41234__some-user__big-dog-bark.wav", noise(0.1))
    recording = only(folder)
    assert (recording.words, recording.source) == ("big dog bark", "freesound.org/s/41234/ by some-user")


def test_the_folder_speaks_where_the_name_is_silent(record: Record, folder: Path):
    record("forest birds/rec_001.wav", noise(0.1))
    assert only(folder).words == "forest birds"


def test_tags_inside_a_file_are_read(folder: Path):
    folder.mkdir()
    with soundfile.SoundFile(folder / "001.wav", "w", 44_100, 1) as file:
        file.title = "Church bell"
        file.copyright = "CC BY 3.0"
        file.artist = "Jo Doe"
        file.write(noise(0.1))
    recording = only(folder)
    assert (recording.words, recording.licence, recording.source) == ("church bell", "CC-BY-3.0", "Jo Doe")


def test_a_json_beside_a_file_is_read(record: Record, folder: Path):
    record("001.wav", noise(0.1))
    about = {
        "description": "Kettle boiling",
        "license": "http://creativecommons.org/licenses/by-nc/4.0/",
        "url": "https://freesound.org/s/9/",
        "tags": ["kettle", "kitchen"],
    }
    (folder / "001.json").write_text(json.dumps(about))
    recording = only(folder)
    assert recording.words == "kettle boiling kitchen"
    assert (recording.licence, recording.source) == ("CC-BY-NC-4.0", "https://freesound.org/s/9/")


@pytest.mark.parametrize("name", ["001.txt", "001.wav.txt"])
def test_a_text_beside_a_file_is_read(record: Record, folder: Path, name: str):
    record("001.wav", noise(0.1))
    (folder / name).write_text("Title: Steam train\nLicence: CC0\nSource: my own\n")
    recording = only(folder)
    assert (recording.words, recording.licence, recording.source) == ("steam train", "CC0-1.0", "my own")


@pytest.mark.parametrize("content", ["[1, 2", "[]", "null", '"text"', '{"license": null, "tags": {}}'])
def test_an_odd_json_beside_a_file_counts_for_nothing(record: Record, folder: Path, content: str):
    record("rain.wav", noise(0.1))
    (folder / "rain.json").write_text(content)
    assert (only(folder).words, only(folder).licence) == ("rain", "unknown")


def test_the_nearest_licence_file_above_counts(record: Record, folder: Path):
    record("pack/deep/rain.wav", noise(0.1))
    (folder / "LICENSE").write_text("MIT License")
    assert only(folder).licence == "MIT"
    (folder / "pack" / "README.md").write_text("All sounds are CC BY-SA 3.0.")
    assert only(folder).licence == "CC-BY-SA-3.0"


def test_without_any_word_on_it_the_licence_is_unknown(record: Record, folder: Path):
    record("rain.wav", noise(0.1))
    assert only(folder).licence == "unknown"


def test_a_packs_list_of_files_gives_each_its_own(record: Record, folder: Path):
    record("17__jo__rain.wav", noise(0.1))
    record("18__jo__wind.wav", noise(0.1))
    (folder / "_readme_and_license.txt").write_text(
        "Sound pack downloaded from Freesound\n\n"
        "  * 17__jo__rain.wav\n    * url: https://freesound.org/s/17/\n    * license: Attribution\n"
        "  * 18__jo__wind.wav\n    * url: https://freesound.org/s/18/\n    * license: Creative Commons 0\n"
    )
    rain, wind = (recordings_in(found)[0] for found in walk(folder))
    assert (rain.licence, rain.source) == ("CC-BY-4.0", "https://freesound.org/s/17/")
    assert (wind.licence, wind.source) == ("CC0-1.0", "https://freesound.org/s/18/")


def test_a_soundfonts_effects_are_recordings(folder: Path):
    write_font(folder / "tiny.sf2", [Sample("doorcreak", tone(0.2, 500, 22_050))])
    recording = only(folder)
    assert (recording.words, recording.licence, recording.title) == ("door creak", "MIT", "tiny.sf2:doorcreak")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.wav", b"", id="empty"),
        pytest.param("a.wav", b"hello there, no sound here", id="text"),
        pytest.param("a.mp3", b"\xff\xfb" + bytes(50), id="cut mp3"),
        pytest.param("a.sf2", b"RIFF", id="cut soundfont"),
    ],
)
def test_broken_files_are_bad_sound(folder: Path, name: str, content: bytes):
    folder.mkdir()
    (folder / name).write_bytes(content)
    with pytest.raises(BadSound):
        only(folder)


def test_a_file_without_samples_is_bad_sound(record: Record, folder: Path):
    record("a.wav", np.zeros(0))
    with pytest.raises(BadSound, match="it is empty"):
        only(folder)


def test_what_is_no_folder_is_refused(tmp_path: Path):
    with pytest.raises(StorageError, match="not a folder"):
        list(walk(tmp_path / "none"))
