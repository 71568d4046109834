import json
from pathlib import Path

import pytest

from soundstage.errors import BadBench, BadOption, StorageError
from soundstage.evaluation.bench.entries import Bench, Entry
from soundstage.evaluation.bench.readers import READERS, guess, read_bench


def _files(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def test_pairs_take_the_sound_of_the_same_name_and_the_words_beside_it(tmp_path: Path) -> None:
    _files(tmp_path, "a.mp4", "a.wav", "a.flac", "deep/b.mkv", "c.mp3")
    (tmp_path / "a.txt").write_text("A smith hammers.\n")

    read = read_bench(tmp_path)

    first, second = read.bench.entries
    assert (first.film, first.sound, first.description) == ("a.mp4", "a.wav", "A smith hammers.")
    assert (second.film, second.sound) == ("deep/b.mkv", None)
    assert not read.missing


@pytest.mark.parametrize("twin", ["other/a.mp4", "other/a.wav"], ids=["film", "sound"])
def test_a_name_that_two_files_have_is_told_and_pairs_nothing(tmp_path: Path, twin: str) -> None:
    _files(tmp_path, "a.mp4", "a.wav", "b.mp4", twin)

    read = read_bench(tmp_path)

    assert [entry.id for entry in read.bench.entries] == ["b"]
    assert [problem.entry for problem in read.missing] == ["a"]


def test_vggsound_finds_clips_however_they_are_named_and_tells_the_missing(tmp_path: Path) -> None:
    rows = ["--abc,30,people marching,test", 'x_yz,7,"dog barking, near",train', "gone,1,rain,test"]
    (tmp_path / "vggsound.csv").write_text("\n".join(rows))
    _files(tmp_path, "clips/--abc_000030.mp4", "clips/x_yz_7000_17000.mp4")

    read = read_bench(tmp_path / "vggsound.csv")

    assert [(entry.id, entry.categories) for entry in read.bench.entries] == [
        ("--abc_000030", ("people marching",)),
        ("x_yz_000007", ("dog barking, near",)),
    ]
    assert [(problem.entry, problem.file) for problem in read.missing] == [
        ("gone_000001", str(tmp_path / "vggsound.csv"))
    ]


def test_unav_100_takes_segments_as_captions_not_as_events(tmp_path: Path) -> None:
    annotations = [
        {"segment": [3.0, 5.5], "label": "dog barking", "label_id": 2},
        {"segment": [0.0, 4.0], "label": "rain", "label_id": 7},
    ]
    database = {"vid": {"subset": "test", "duration": 6.0, "annotations": annotations}, "odd": {"annotations": [{}]}}
    (tmp_path / "unav100.json").write_text(json.dumps({"database": database}))
    _files(tmp_path, "vid.mp4", "odd.mp4")

    read = read_bench(tmp_path / "unav100.json")

    (entry,) = read.bench.entries
    assert [(span.start, span.end, span.text) for span in entry.captions] == [(0, 4, "rain"), (3, 5.5, "dog barking")]
    assert entry.events == ()
    assert [problem.entry for problem in read.missing] == ["odd"]


def test_longvale_pairs_timestamps_with_sentences(tmp_path: Path) -> None:
    video = {"duration": 9.0, "timestamps": [[4.0, 9.0], [0.0, 4.0]], "sentences": ["It rains.", "A dog barks."]}
    short = {"duration": 9.0, "timestamps": [[0.0, 4.0]], "sentences": []}
    (tmp_path / "list.json").write_text(json.dumps({"vid": video, "odd": short}))
    _files(tmp_path / "videos", "vid.mp4", "odd.mp4")

    read = read_bench(tmp_path / "list.json", media=tmp_path / "videos")

    assert [span.text for span in read.bench.entries[0].captions] == ["A dog barks.", "It rains."]
    assert read.bench.film_of(read.bench.entries[0]) == tmp_path / "videos" / "vid.mp4"
    assert [problem.entry for problem in read.missing] == ["odd"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.csv", "Video Path,Audio Caption,Label\nv/one.mp4,A dog barks.,animals;dogs\nv/two.mp4,Rain.,weather\n"),
        ("list.jsonl", '{"id": "one", "caption": "A dog barks.", "label": ["animals", "dogs"]}\n{"id": "two"}\n'),
        ("list.json", '[{"name": "one", "prompt": "A dog barks.", "category": "animals;dogs"}, {"name": "two"}]'),
    ],
    ids=["csv", "json-lines", "json"],
)
def test_a_table_with_obvious_columns_is_read(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    _files(tmp_path, "one.mp4", "one.wav")

    read = read_bench(tmp_path / name)

    (entry,) = read.bench.entries
    assert (entry.id, entry.description, entry.categories) == ("one", "A dog barks.", ("animals", "dogs"))
    assert entry.sound == "one.wav"
    assert [problem.entry for problem in read.missing] == ["two"]


def test_a_bench_of_ours_is_known_by_its_file(tmp_path: Path) -> None:
    saved = Bench(name="ours", entries=(Entry(id="a", film="a.mp4"),)).save(tmp_path)

    assert guess(tmp_path) == guess(tmp_path / "bench.json") == "lvas-bench"
    assert read_bench(tmp_path).bench == saved
    assert read_bench(tmp_path, media=tmp_path / "media").bench.folder == tmp_path / "media"


@pytest.mark.parametrize(
    ("format", "error"),
    [("vggsound", BadBench), ("unav-100", BadBench), ("longvale", BadBench), ("nothing", BadOption)],
)
def test_a_list_of_another_format_is_refused(tmp_path: Path, format: str, error: type[Exception]) -> None:
    (tmp_path / "list.json").write_text('{"a": 1}')

    with pytest.raises(error, match=str(tmp_path / "list.json") if error is BadBench else "lvas-bench"):
        read_bench(tmp_path / "list.json", format)


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        read_bench(tmp_path / "nowhere", next(iter(READERS)))
