"""Half precision where it serves: float16 in place of bfloat16, and tables of frequencies kept exact.

These models were published in float16 at the least. They tell noise levels and positions by sines of large numbers, of
which bfloat16, with its 8 bits, gets the turns wrong.
"""

import math

import torch

from soundstage.networks.folders import Network
from soundstage.networks.rack import Setting

_BASE = 10_000.0


def halved(setting: Setting) -> Setting:
    """The same setting with float16 instead of bfloat16."""
    return Setting(setting.device, torch.float16) if setting.dtype is torch.bfloat16 else setting


def sharpen(network: Network) -> None:
    """Give the networks of Stable Audio 3 their tables of frequencies in float32 again; they reckon in it anyway."""
    for module in network.modules():
        own = dict(module.named_buffers(recurse=False))
        if "inv_freq" in own:
            count = len(own["inv_freq"])
            module.inv_freq = _BASE ** -(torch.arange(count, device=own["inv_freq"].device) / count)
        if "freqs" in own:
            bounds = (math.log(module.config.min_freq), math.log(module.config.max_freq))
            module.freqs = torch.linspace(*bounds, len(own["freqs"]), device=own["freqs"].device).exp()
