import pytest

torch = pytest.importorskip("torch")

from soundstage.networks.attention import PackedAttention  # noqa: E402
from tests.networks.filling import fill, noise  # noqa: E402


@pytest.fixture(scope="module")
def attention():
    return fill(PackedAttention(12, heads=3))


@pytest.mark.parametrize("causal", [False, True], ids=["to all", "backwards"])
def test_it_is_torchs_own_with_the_same_weights(attention, causal):
    theirs = torch.nn.MultiheadAttention(12, 3, batch_first=True)
    theirs.load_state_dict(attention.state_dict())
    tokens = noise(2, 5, 12)
    mask = torch.triu(torch.ones(5, 5, dtype=torch.bool), diagonal=1) if causal else None
    expected, _ = theirs(tokens, tokens, tokens, attn_mask=mask, need_weights=False)
    assert torch.allclose(attention(tokens, causal), expected, atol=1e-6)


def test_the_first_tokens_alone_are_the_first_of_all(attention):
    tokens = noise(2, 5, 12)
    assert torch.allclose(attention(tokens, first=2), attention(tokens)[:, :2], atol=1e-6)
