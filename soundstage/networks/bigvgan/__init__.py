"""BigVGAN (Lee et al., "BigVGAN: A Universal Neural Vocoder with Large-Scale Training", ICLR 2023): mel to sound.

`generator` is the network, `layout` the published shapes.
"""
