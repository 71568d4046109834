"""MMAudio (Cheng et al., "Taming Multimodal Joint Training for High-Quality Video-to-Audio Synthesis", CVPR 2025).

Sound for moving pictures and words: a network in `network` says how noise turns into the latent of a
mel spectrogram (`flow` walks that way), `autoencoder` turns the latent into the spectrogram, and
a BigVGAN of `soundstage.networks.bigvgan` turns that into sound. `variants` holds the published sizes.
"""
