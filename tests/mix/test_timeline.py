from pathlib import Path

import opentimelineio as otio
import pytest

from soundstage.cuesheet import Cue, CueSheet, Layer
from soundstage.mix.film import MixOptions, Outputs, mix_film
from tests.documents import cue, sheet
from tests.mix.conftest import Desk, noise

CUES = (
    cue("rain", 0.5, 4, label="raining"),
    cue("wind", 3, 5, label="wind"),
    cue("knock", 2, 2.5, layer=Layer.EFFECTS, label="knock", pan=0.3, anchors=[{"time": 2.1}, {"time": 2.3}]),
)


def written(desk: Desk, cues: tuple[Cue, ...] = CUES, document: CueSheet | None = None) -> otio.schema.Timeline:
    takes = {c.id: desk.take(c.id, noise(c.duration)) for c in cues}
    document = document or sheet(cues)
    out = Outputs(desk.folder / "master.flac", timeline=desk.folder / "film.otio")
    film = desk.folder / "the film.mp4"
    mix_film(film, desk.reading(document.duration), desk.folder, document, takes, out, MixOptions())
    timeline = otio.adapters.read_from_file(str(out.timeline))
    assert isinstance(timeline, otio.schema.Timeline)
    return timeline


def clips(timeline: otio.schema.Timeline) -> dict[str, otio.schema.Clip]:
    return {clip.name: clip for clip in timeline.find_clips()}


def test_it_survives_a_round_trip(desk: Desk) -> None:
    timeline = written(desk)
    again = otio.adapters.read_from_string(otio.adapters.write_to_string(timeline, "otio_json"), "otio_json")
    assert again.is_equivalent_to(timeline)


def test_every_layer_has_its_tracks(desk: Desk) -> None:
    timeline = written(desk)
    assert [track.name for track in timeline.tracks] == ["film", "ambience", "ambience 2", "effects"]


def test_clips_lie_at_the_times_of_their_cues(desk: Desk) -> None:
    timeline = written(desk)
    for one in CUES:
        clip = clips(timeline)[one.label]
        where = clip.transformed_time_range(clip.trimmed_range(), timeline.tracks)
        assert where.start_time.to_seconds() == pytest.approx(one.start)
        assert where.duration.to_seconds() == pytest.approx(one.duration)


def test_links_are_relative_and_lead_to_the_files(desk: Desk) -> None:
    timeline = written(desk)
    reference = clips(timeline)["knock"].media_reference
    assert reference.target_url == "knock.take.flac"
    assert clips(timeline)["film.mp4"].media_reference.target_url == "the%20film.mp4"


def test_anchors_are_markers(desk: Desk) -> None:
    timeline = written(desk)
    markers = clips(timeline)["knock"].markers
    assert [mark.marked_range.start_time.to_seconds() for mark in markers] == pytest.approx([0.1, 0.3])


def test_what_the_mix_did_is_kept_with_the_clip(desk: Desk) -> None:
    timeline = written(desk)
    kept = clips(timeline)["knock"].metadata["soundstage"]
    assert (kept["id"], kept["layer"], kept["pan"], kept["level"]) == ("knock", "effects", 0.3, -30.0)


def test_scenes_are_markers_of_the_whole(desk: Desk) -> None:
    timeline = written(desk, (), sheet((), ()))
    assert [mark.name for mark in timeline.tracks.markers] == ["s000", "s001"]


def test_the_films_own_sound_has_a_track(desk: Desk) -> None:
    desk.own_sound(noise(5))
    timeline = written(desk)
    assert Path(clips(timeline)["the film's own sound"].media_reference.target_url).name == "original.flac"
