"""The mix as an OpenTimelineIO timeline, so that an editor or a sound designer can go on from it.

The film lies on a video track; every layer has a track of its takes, and further ones where takes
overlap, since clips of one track cannot. Anchors are markers on the clips, scenes on the whole.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import opentimelineio as otio

from soundstage.cuesheet import Cue, CueSheet, Layer
from soundstage.mix.placement import PlacedCue, Take, take_gain
from soundstage.reading import FilmFacts
from soundstage.sound import SAMPLE_RATE, frames_of


@dataclass(frozen=True)
class TimelineFiles:
    """Files the timeline refers to, and the folder it lies in (links into or beside it are relative)."""

    folder: Path
    film: Path
    own_sound: Path | None = None


def timeline_of(
    sheet: CueSheet, cues: Sequence[Cue], takes: Mapping[str, Take], facts: FilmFacts, files: TimelineFiles
) -> str:
    """The timeline as OTIO's JSON; clips are named after their labels."""
    timeline = otio.schema.Timeline(name=facts.name)
    timeline.metadata["soundstage"] = {"film": sheet.film, "summary": sheet.overview.summary}
    timeline.tracks.markers.extend(_scene_markers(sheet))
    timeline.tracks.append(_film_track(facts, files))
    if files.own_sound is not None:
        timeline.tracks.append(_own_track(facts, files))
    for layer in Layer:
        lanes = _lanes([cue for cue in cues if cue.layer is layer])
        for number, lane in enumerate(lanes):
            name = layer.value if number == 0 else f"{layer.value} {number + 1}"
            timeline.tracks.append(_cue_track(name, lane, takes, files.folder))
    return str(otio.adapters.write_to_string(timeline, "otio_json"))


def _film_track(facts: FilmFacts, files: TimelineFiles) -> otio.schema.Track:
    rate = facts.video.fps
    whole = otio.opentime.TimeRange(_time(0, rate), _time(round(facts.duration * rate), rate))
    clip = otio.schema.Clip(facts.name, otio.schema.ExternalReference(_link(files.film, files.folder), whole), whole)
    track = otio.schema.Track("film", kind=otio.schema.TrackKind.Video)
    track.append(clip)
    return track


def _own_track(facts: FilmFacts, files: TimelineFiles) -> otio.schema.Track:
    assert files.own_sound is not None
    whole = _range(0, frames_of(facts.duration))
    link = _link(files.own_sound, files.folder)
    track = otio.schema.Track(Layer.ORIGINAL.value, kind=otio.schema.TrackKind.Audio)
    track.append(otio.schema.Clip("the film's own sound", otio.schema.ExternalReference(link, whole), whole))
    return track


def _cue_track(name: str, cues: Sequence[Cue], takes: Mapping[str, Take], folder: Path) -> otio.schema.Track:
    track = otio.schema.Track(name, kind=otio.schema.TrackKind.Audio)
    reached = 0
    for cue in cues:
        placed = PlacedCue(cue, takes[cue.id])
        if placed.begin > reached:
            track.append(otio.schema.Gap(source_range=_range(0, placed.begin - reached)))
        track.append(_clip(cue, takes[cue.id], placed.end - placed.begin, folder))
        reached = placed.end
    return track


def _clip(cue: Cue, take: Take, frames: int, folder: Path) -> otio.schema.Clip:
    reference = otio.schema.ExternalReference(_link(take.path, folder), _range(0, take.frames))
    clip = otio.schema.Clip(cue.label, reference, _range(0, frames))
    clip.metadata["soundstage"] = {
        **cue.model_dump(mode="json", include={"id", "layer", "label", "level", "pan", "fade_in", "fade_out"}),
        **cue.model_dump(mode="json", include={"start", "end", "perspective", "seed", "source", "text", "reason"}),
        "gain": take_gain(cue, take),
    }
    for anchor in cue.anchors:
        at = min(max(0, frames_of(anchor.time - cue.start)), max(0, frames - 1))
        mark = otio.schema.Marker("hit", _range(at, 0), otio.schema.MarkerColor.RED)
        mark.metadata["soundstage"] = anchor.model_dump(mode="json")
        clip.markers.append(mark)
    return clip


def _lanes(cues: Sequence[Cue]) -> list[list[Cue]]:
    """The cues in as few rows as it takes for none to overlap another in its row."""
    lanes: list[list[Cue]] = []
    for cue in sorted(cues, key=lambda c: (c.start, c.end)):
        free = next((lane for lane in lanes if frames_of(lane[-1].end) <= frames_of(cue.start)), None)
        if free is None:
            lanes.append([cue])
        else:
            free.append(cue)
    return lanes


def _scene_markers(sheet: CueSheet) -> list[otio.schema.Marker]:
    return [
        otio.schema.Marker(
            scene.id,
            _range(frames_of(scene.start), frames_of(scene.end - scene.start)),
            otio.schema.MarkerColor.GREEN,
            metadata={"soundstage": {"summary": scene.caption.summary}},
        )
        for scene in sheet.scenes
    ]


def _link(path: Path, folder: Path) -> str:
    """A relative link where the file lies near the timeline, else an absolute one."""
    path, folder = path.resolve(), folder.resolve()
    shared = Path(os.path.commonpath([path, folder]))
    if len(shared.parts) > 1:
        return quote(Path(os.path.relpath(path, folder)).as_posix())
    return path.as_uri()


def _range(start: int, frames: int) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(_time(start, SAMPLE_RATE), _time(frames, SAMPLE_RATE))


def _time(value: float, rate: float) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(value, rate)
