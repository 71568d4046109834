"""`python -m soundstage`."""

from soundstage.cli import main

main()
