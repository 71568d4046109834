"""Clouds of grains: what a loop of them must be."""

import numpy as np

from soundstage.synth.procedural.grains import scattered


def test_a_loop_of_grains_goes_on_over_its_end():
    rng = np.random.default_rng(1)
    # Smooth grains, some of which hang over the end: only a cut one could make the signal leap.
    loop = scattered(rng, [np.hanning(4000)], rate=300, seconds=1.0)[0]
    twice = np.concatenate([loop, loop])
    bends = np.abs(np.diff(twice, 2))
    assert np.abs(loop[-1]) > 0
    assert bends[len(loop) - 4 : len(loop) + 2].max() <= bends[: len(loop) - 4].max()
