"""`soundstage labels`: what the knowledge base calls a sound, and what makes it here."""

import typer

from soundstage.cli.console import print_json, print_table
from soundstage.knowledge.base import Match, knowledge
from soundstage.knowledge.label import Label


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("labels")(labels)


def labels(
    query: str = typer.Argument(..., help="What the sound is, in your words; 'all' lists every label."),
    limit: int = typer.Option(8, min=1, max=1000, help="How many labels to show."),
    json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Find sound labels by meaning."""
    base = knowledge()
    if query == "all":
        found = tuple(Match(label, 1.0) for label in base.labels.values())
    else:
        found = base.search(query, limit=limit)
    if json:
        print_json([{"similarity": round(m.similarity, 3), **m.label.model_dump(mode="json")} for m in found])
        return
    rows = [
        (m.label.name, f"{m.similarity:.2f}", m.label.layer, m.label.behaviour, _made_by(m.label), m.label.ucs or "")
        for m in found
    ]
    print_table(("label", "match", "layer", "behaviour", "made by", "UCS"), rows)


def _made_by(label: Label) -> str:
    if label.recipe is None:
        return "recordings only"
    return f"{label.recipe.name} ({label.fidelity:.0%})"
