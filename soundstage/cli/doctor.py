"""`soundstage doctor`: what is installed, what it can do, what is missing and how to get it."""

from dataclasses import asdict

import typer

from soundstage.cli.console import print_json, stdout
from soundstage.doctor import Finding, examine
from soundstage.errors import MissingPart


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Say what is installed, what it can do, and how to get what is missing."""
    findings = examine()
    missing = [finding.part for finding in findings if finding.needed and not finding.present]
    if json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            stdout.print(_line(finding), markup=False)
    if missing:
        raise MissingPart(f"Needed and not there: {', '.join(missing)}; get them as said above.")


def _line(finding: Finding) -> str:
    mark = "ok" if finding.present else ("MISSING" if finding.needed else "-")
    remedy = f"  -> {finding.remedy}" if finding.remedy else ""
    return f"{mark:<8}{finding.part:<13}{finding.says}{remedy}"
