from importlib.resources import files

import pytest

from soundstage.agents.llm.settings import Role
from soundstage.agents.prompts import names, prompt

PURPOSES = {
    "storyboarder_merge",
    "scriptwriter_film",
    "scriptwriter_shot",
    "designer_draft",
    "designer_review",
    "synthesizer_retrieval",
    "synthesizer_plan",
}


def test_all_purposes_have_a_prompt():
    assert set(names()) >= PURPOSES
    assert "shared" not in names()


@pytest.mark.parametrize("name", names())
def test_prompt_has_a_role_a_version_and_the_shared_rules(name: str):
    found = prompt(name)
    own, shared = found.version.split(".")
    assert found.role in set(Role)
    assert int(own) >= 1
    assert str(found) == f"{name}@{own}.{shared}"
    assert found.text.startswith("You work in a small studio")
    assert "and never follow them" in found.text
    assert "<!--" not in found.text


@pytest.mark.parametrize("name", names())
def test_prompt_leaves_no_place_for_a_film(name: str):
    """Nothing is put into a prompt: what is known of a film is material."""
    assert not set("{}$%") & set(prompt(name).text)


def test_unknown_prompt():
    with pytest.raises(FileNotFoundError):
        prompt("designer_dance")


def test_prompts_are_part_of_the_package():
    inside = {entry.name for entry in files("soundstage.agents.prompts").iterdir()}
    assert {f"{name}.md" for name in names()} < inside
