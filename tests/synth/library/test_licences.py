import pytest

from soundstage.synth.library.licences import licence_in, together


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("Creative Commons 0 License", "CC0-1.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("CC BY 4.0", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by/3.0/", "CC-BY-3.0"),
        ("Attribution", "CC-BY-4.0"),
        ("Attribution NonCommercial 3.0", "CC-BY-NC-3.0"),
        ("Licence: CC-BY-NC-SA 2.5", "CC-BY-NC-SA-2.5"),
        ("Creative Commons Attribution-ShareAlike 4.0 International", "CC-BY-SA-4.0"),
        ("https://creativecommons.org/licenses/by-nd/4.0/", "CC-BY-ND-4.0"),
        ("Licensed under the MIT license.", "MIT"),
        ("© 2020 Some Body. All rights reserved.", "all-rights-reserved"),
        ("Recorded with a Zoom H4n near the river", None),
        ("Permit me to submit this", None),
    ],
)
def test_licence_in(text: str, licence: str | None):
    assert licence_in(text) == licence


@pytest.mark.parametrize(
    ("licences", "said"),
    [
        (["CC0-1.0"], "CC0-1.0"),
        (["CC0-1.0", "CC0-1.0"], "CC0-1.0"),
        (["CC0-1.0", "CC-BY-4.0"], "CC-BY-4.0 AND CC0-1.0"),
        (["MIT", "CC-BY-NC-4.0", "CC-BY-4.0"], "CC-BY-NC-4.0 AND CC-BY-4.0 AND MIT"),
        (["CC0-1.0", "unknown"], "unknown AND CC0-1.0"),
        ([], "unknown"),
    ],
)
def test_the_most_restrictive_comes_first(licences: list[str], said: str):
    assert together(licences) == said
