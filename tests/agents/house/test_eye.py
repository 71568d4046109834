import numpy as np
import pytest
from PIL import Image, ImageDraw

from soundstage.agents.house.colours import measure
from soundstage.agents.house.efficientnet import class_names
from soundstage.agents.house.eye import look
from soundstage.agents.house.vocabulary import actions, class_matrix, concepts, settings
from soundstage.knowledge.base import knowledge


def named(sight) -> dict[str, float]:
    return {concept.name: sure for concept, sure in sight.things}


def picture(tmp_path, draw):
    image = Image.new("RGB", (640, 360), (128, 128, 128))
    draw(image)
    path = tmp_path / "drawn.jpg"
    image.save(path, quality=90)
    return path


def gradient(top, bottom):
    down = np.linspace(0, 1, 360)[:, None, None]
    rows = np.asarray(top) * (1 - down) + np.asarray(bottom) * down
    return Image.fromarray((rows * np.ones((1, 640, 1))).astype(np.uint8))


def test_street_with_bicycles_is_a_street(frames):
    sight = look(frames("bikes", 200, 225, 240))
    assert next(iter(sight.settings)) == "street"
    assert "bicycle" in named(sight)


def test_man_talking_in_a_car_is_a_person(frames):
    sight = look(frames("carphone_pristine", 25, 75))
    assert named(sight)["person"] > 0.35


def test_cartoon_is_a_meadow_and_no_albatross(frames):
    sight = look(frames("bigbuckbunny", 25, 75, 125))
    assert sight.settings["meadow"] > 0.3
    assert sight.outdoors > 0.8
    assert all(sure < 0.35 for sure in named(sight).values())


@pytest.mark.parametrize(
    "draw",
    [
        lambda image: image.paste((0, 0, 0), (0, 0, 640, 360)),
        lambda image: image.paste((255, 255, 255), (0, 0, 640, 360)),
        lambda image: ImageDraw.Draw(image).ellipse((280, 200, 340, 260), fill=(220, 60, 40)),
        lambda image: ImageDraw.Draw(image).text((300, 170), "THE END", fill=(255, 255, 255)),
        lambda image: image.paste(gradient((255, 140, 60), (120, 40, 90))),
        lambda image: image.paste(gradient((90, 140, 220), (230, 230, 240))),
        lambda image: image.paste(
            Image.fromarray(np.random.default_rng(1).integers(0, 255, (360, 640, 3), dtype=np.uint8))
        ),
    ],
    ids=["black", "white", "drawn ball", "title", "sunset", "sky", "noise"],
)
def test_pictures_of_nothing_name_nothing(tmp_path, draw):
    sight = look([picture(tmp_path, draw)])
    assert all(sure < 0.35 for sure in named(sight).values())
    assert all(sure < 0.35 for sure in sight.settings.values())


def test_no_pictures_are_blank():
    assert look([]).blank


def test_dark_picture_is_night(frames, tmp_path):
    with Image.open(frames("bikes", 175)[0]) as day:
        day.point(lambda value: value * 0.2).save(tmp_path / "night.jpg")
    assert look([tmp_path / "night.jpg"]).night > 0.5
    assert look(frames("bikes", 175)).night == 0


@pytest.mark.parametrize(
    ("colour", "field"),
    [((60, 160, 50), "vegetation"), ((250, 250, 252), "snow"), ((90, 150, 220), "sky"), ((40, 90, 160), "water")],
)
def test_colours_are_told_apart(colour, field):
    assert getattr(measure(Image.new("RGB", (320, 180), colour)), field) > 0.9


def test_agreement_of_pictures_counts(frames):
    bicycle, bus = frames("bikes", 225)[0], frames("bikes", 0)[0]
    assert named(look([bicycle, bicycle]))["bicycle"] > named(look([bicycle, bus])).get("bicycle", 0)


def test_every_class_means_at_most_one_thing():
    assert class_matrix().sum(axis=0).max() == 1
    assert class_matrix().sum() > 0.8 * len(class_names())


def test_every_setting_that_a_thing_speaks_for_exists():
    weathers_and_lights = {"night", "rain"}
    assert {name for concept in concepts() for name in concept.setting} <= settings().keys() | weathers_and_lights


SOUNDS = sorted(
    {sound for concept in concepts() for sound in concept.sounds}
    | {sound for setting in settings().values() for sound in (*setting.day, *setting.night)}
    | {action.sound for action in actions() if action.sound and "{" not in action.sound}
)


@pytest.mark.parametrize("sound", SOUNDS)
def test_every_sound_asked_for_by_name_is_a_label(sound):
    assert knowledge().find(sound) is not None
