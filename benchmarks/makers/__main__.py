"""What the procedural sounds cost: seconds of one core per second of sound, recipe by recipe.

Run: python -m benchmarks.makers [seconds] [label ...]
"""

import sys
import time
from statistics import median

from soundstage.knowledge.base import knowledge
from soundstage.knowledge.label import Behaviour, Label
from soundstage.synth.procedural.performance import Part, perform
from soundstage.synth.procedural.recipes import RECIPES


def cost(label: Label, seconds: float) -> float:
    """Processor seconds per second of sound of one label, all preparation included."""
    assert label.recipe is not None
    recipe = RECIPES[label.recipe.name]
    started = time.process_time()
    for _ in perform(recipe, recipe.values(label.recipe.parameters), Part(seconds, label.behaviour, seed=1)):
        pass
    return (time.process_time() - started) / seconds


def main() -> None:
    """Print the cost of the labels given, or of every recipe's first label, dearest first; beds at full length."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    wanted = sys.argv[2:]
    labels = [label for label in knowledge().labels.values() if label.recipe and (not wanted or label.name in wanted)]
    first = {label.recipe.name: label for label in reversed(labels) if label.recipe}
    rows = []
    for label in labels if wanted else first.values():
        length = seconds if label.behaviour is Behaviour.STEADY else min(seconds, 10.0)
        rows.append((cost(label, length), length, label))
    for price, length, label in sorted(rows, key=lambda row: -row[0]):
        print(f"{label.name:24s} {price * 1000:7.2f} ms per second  ({1 / price:6.0f} times real time, {length:.0f} s)")
    print(f"{'median':24s} {median(price for price, _, _ in rows) * 1000:7.2f} ms per second")


if __name__ == "__main__":
    main()
