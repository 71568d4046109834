import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
transformers = pytest.importorskip("transformers")

from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil  # noqa: E402

from soundstage.networks.onsetnet import OnsetNet, prepared  # noqa: E402
from soundstage.synth.foleycrafter.eyes import Sight  # noqa: E402
from tests.networks.filling import pictures  # noqa: E402
from tests.synth.foleycrafter import models  # noqa: E402

FILM = list(pictures(31, 40, 72).numpy())


def test_pictures_are_shown_to_clip_as_its_own_processor_prepares_them(parts, crafter):
    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    shown = processor(images=FILM[:3], return_tensors="pt")
    encoder = transformers.CLIPVisionModelWithProjection.from_pretrained(parts.encoder)
    with torch.inference_mode():
        expected = encoder(**shown).image_embeds
    torch.testing.assert_close(crafter.eyes.look(FILM[:3]).meanings, expected, atol=2e-3, rtol=0)


def test_onsets_are_the_detectors_for_every_picture(parts, crafter):
    seen = crafter.eyes.watch(iter(FILM))
    network = OnsetNet.load(parts.detector, models.DETECTOR)
    with torch.inference_mode():
        expected = network(prepared(torch.from_numpy(np.stack(FILM))).transpose(0, 1)[None])[0]
    torch.testing.assert_close(seen.onsets, expected, atol=1e-5, rtol=0)


def test_one_picture_in_ten_is_looked_at_while_watching(crafter):
    seen = crafter.eyes.watch(iter(FILM))
    torch.testing.assert_close(seen.meanings, crafter.eyes.look(FILM[::10]).meanings)


@pytest.mark.parametrize(
    ("start", "end", "rows"),
    [(0.0, 2.0, [0, 1, 2]), (2.0, 10.24, [3, 4, 5]), (0.0, 0.1, [0]), (9.0, 12.0, [5])],
    ids=["beginning", "to-the-end", "shorter-than-a-picture", "after-the-last"],
)
def test_a_window_means_the_mean_of_what_is_seen_in_it(start, end, rows):
    meanings = torch.arange(6.0)[:, None] ** 2
    found = Sight(meanings, meaning_rate=1.5).meaning(start, end)
    torch.testing.assert_close(found, meanings[rows].mean(0))
