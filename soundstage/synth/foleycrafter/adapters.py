"""The two adapters that FoleyCrafter adds to Auffusion, from their published files.

The semantic one is an IP-Adapter (arXiv 2308.06721): CLIP's embedding becomes four tokens, for which every
cross-attention has keys and values of its own. The temporal one is a ControlNet whose picture is a map of one channel.
"""

from collections.abc import Mapping
from pathlib import Path

from diffusers import ControlNetModel
from diffusers.models.attention_processor import IPAdapterAttnProcessor2_0
from diffusers.models.embeddings import ImageProjection, MultiIPAdapterImageProjection
from torch import Tensor, nn

from soundstage.errors import BadModel
from soundstage.networks.checkpoints import load_into, read_checkpoint, read_weights
from soundstage.networks.onsetnet import unwrapped
from soundstage.synth.foleycrafter.foreign import ControlNet, Unet

_TOKENS = 4
_SHARED = ("conv_in.", "time_embedding.", "down_blocks.", "mid_block.")  # what a ControlNet begins with from its UNet


class SemanticAdapter(nn.Module):
    """What is added to a UNet: the projection of an embedding, and keys and values for each cross-attention."""

    def __init__(self, unet: Unet, embedding: int) -> None:
        """Args: unet: that it is for. embedding: size of the image encoder's embeddings."""
        super().__init__()
        width = unet.config.cross_attention_dim
        # The file numbers them among all attentions; each comes after one of the picture to itself.
        self.crossings = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
        self.ip_adapter = nn.ModuleDict(
            {str(2 * number + 1): _attention(unet, name, width) for number, name in enumerate(self.crossings)}
        )
        self.image_proj = ImageProjection(embedding, width, _TOKENS)

    def put_into(self, unet: Unet) -> None:
        """Let the UNet attend to what the pictures hold, from now on."""
        processors = zip(self.crossings, self.ip_adapter.values(), strict=True)
        unet.set_attn_processor({**unet.attn_processors, **dict(processors)})
        unet.encoder_hid_proj = MultiIPAdapterImageProjection([self.image_proj])
        unet.register_to_config(encoder_hid_dim_type="ip_image_proj")


def semantic_of(unet: Unet, path: Path, embedding: int) -> SemanticAdapter:
    """The semantic adapter of a UNet.

    Args:
        unet: that it is for; not changed.
        path: semantic_adapter.bin.
        embedding: size of the image encoder's embeddings.

    Raises:
        MissingPart: there is no such file.
        BadModel: it is damaged, or made for another base model or image encoder.
    """
    parts = read_checkpoint(path)
    network = SemanticAdapter(unet, embedding)
    projection, attention = (_part(parts, name, path) for name in ("image_proj", "ip_adapter"))
    weights = {f"image_proj.{name.replace('proj.', 'image_embeds.')}": value for name, value in projection.items()}
    weights |= {f"ip_adapter.{name.replace('_ip.', '_ip.0.')}": value for name, value in attention.items()}
    load_into(network, weights, path)
    return network


def temporal_of(unet: Unet, path: Path) -> ControlNet:
    """The temporal adapter of a UNet. What its file leaves out of the layers they share is the UNet's own.

    Args:
        unet: that it is for, without a semantic adapter; not changed.
        path: temporal_adapter.ckpt.

    Raises:
        MissingPart: there is no such file.
        BadModel: it is damaged, or made for another base model.
    """
    network: ControlNet = ControlNetModel.from_unet(unet, conditioning_channels=1)
    shared = {name: value for name, value in network.state_dict().items() if name.startswith(_SHARED)}
    load_into(network, shared | unwrapped(read_weights(path)), path)
    return network


def _part(parts: Mapping[str, object], name: str, path: Path) -> Mapping[str, Tensor]:
    part = parts.get(name)
    if not isinstance(part, Mapping) or not all(isinstance(value, Tensor) for value in part.values()):
        raise BadModel(f"{path} is no semantic adapter: it has no {name}; give the published checkpoint.")
    return part


def _attention(unet: Unet, processor: str, width: int) -> nn.Module:
    inner = unet.get_submodule(processor.removesuffix(".processor")).inner_dim
    made: nn.Module = IPAdapterAttnProcessor2_0(inner, width, (_TOKENS,))  # type: ignore[no-untyped-call]
    return made
