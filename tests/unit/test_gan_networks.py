import math
import re

import pytest
import torch
from torch import nn

from imsforge.gan import architectures
from imsforge.gan.architectures import CRITICS, GENERATORS
from imsforge.gan.networks import CensoredNoise, Critic, Dropout, Generator, count_parameters

FEATURES, CLASSES, LATENT = 573, 19, 100
OUTPUT_NORM = 2 * FEATURES

# (network, total in the thesis' table, how far the layers as tabulated are from it, why)
TABULATED = {
    ("critic", "fc1"): (954, 0, ""),
    ("critic", "fc3"): (567_146, 0, ""),
    ("critic", "fc4"): (829_411, 262_656 - 262_265, "two digits of a hidden layer changed place"),
    ("critic", "dc8"): (317_130, 0, ""),
    ("critic", "dc32"): (485_610, 0, ""),
    ("generator", "fc1"): (69_121, OUTPUT_NORM, "BatchNorm not counted"),
    ("generator", "fc3"): (197_664, 0, ""),
    ("generator", "fc4"): (474_278, 2 * (256 + 512) + OUTPUT_NORM, "BatchNorm not counted"),
    ("generator", "fc5"): (1_296_550, OUTPUT_NORM, "BatchNorm of the output not counted"),
    ("generator", "dc8"): (605_054, -1_188, "unknown; the rows of the table sum to 603,866"),
}


#: The networks of the other thesis, at 12 features and 8 latent numbers.
MIRRORED = {
    ("generator", "mirrored"): 8 * 32 + 2 * 32 + 32 * 64 + 2 * 64 + 64 * 12 + 12,
    ("critic", "mirrored"): 12 * 64 + 64 + 64 * 32 + 32 + 32 + 1,
    ("critic", "mirrored-norm"): 12 * 64 + 64 + 2 * 64 + 64 * 32 + 32 + 2 * 32 + 32 + 1,
}

#: This project's own, at the sizes of the thesis' table.
OWN = {
    ("generator", "noisy"): (
        (CLASSES * CLASSES + (LATENT + CLASSES + 1) * 256)
        + (256 + 1) * 512
        + (512 + 1) * 2 * FEATURES
    ),
}


def build(part, name, features=FEATURES, classes=CLASSES, latent=LATENT, dropout=0.4):
    if part == "critic":
        return Critic(name, features, classes, dropout)
    return Generator(name, latent, features, classes)


def test_every_network_has_its_reference():
    assert set(TABULATED) | set(MIRRORED) | set(OWN) == {("critic", name) for name in CRITICS} | {
        ("generator", name) for name in GENERATORS
    }


@pytest.mark.parametrize(("part", "name"), TABULATED)
def test_parameters_are_those_of_the_thesis_table(part, name):
    tabulated, difference, _ = TABULATED[part, name]
    assert count_parameters(build(part, name)) == tabulated + difference


@pytest.mark.parametrize(("part", "name"), MIRRORED)
def test_mirrored_networks_have_the_parameters_of_the_listings(part, name):
    network = build(part, name, features=12, classes=3, latent=8)
    for_classes = 3 * 3 + 3 * network.body[0].out_features
    assert count_parameters(network) - for_classes == MIRRORED[part, name]


@pytest.mark.parametrize(("part", "name"), OWN)
def test_own_networks_have_the_documented_parameters(part, name):
    assert count_parameters(build(part, name)) == OWN[part, name]
    assert f"{OWN[part, name]:,} parameters" in architectures.__doc__


def test_documented_counts_are_the_true_ones():
    rows = re.findall(r"^(\w+) +([\d,]{3,}) +([\d,]{3,})", architectures.__doc__, re.MULTILINE)
    documented = [(name, *(int(n.replace(",", "")) for n in counts)) for name, *counts in rows]
    assert documented == [
        (name, tabulated + difference, tabulated)
        for (_, name), (tabulated, difference, _) in TABULATED.items()
    ]


def test_final_critic_layer_by_layer():
    critic = build("critic", "fc3")
    assert [tuple(p.shape) for p in critic.parameters()] == [
        (19, 19),
        *[(512, 592), (512,)],
        *[(512, 512), (512,)],
        *[(1, 512), (1,)],
    ]
    kinds = [type(layer).__name__ for layer in critic.body]
    assert kinds == ["Linear", "LeakyReLU", "Linear", "Dropout", "LeakyReLU", "Linear"]


@pytest.mark.parametrize(("name", "flat"), [("dc8", 35 * 64), ("dc32", 35 * 256)])
def test_convolutions_end_at_the_tabulated_length(name, flat):
    assert build("critic", name).body[-1].in_features == flat


@pytest.mark.parametrize("name", CRITICS)
def test_critics_score_each_row_by_itself(name):
    # Real and generated rows share one pass: no row may see another.
    torch.manual_seed(0)
    critic = build("critic", name, features=12, classes=3).eval()
    rows, labels = torch.randn(6, 12), torch.tensor([0, 1, 2, 0, 1, 2])
    alone = torch.cat([critic(rows[i : i + 1], labels[i : i + 1]) for i in range(6)])
    assert alone.shape == (6,)
    torch.testing.assert_close(critic(rows, labels), alone)
    if name != "mirrored-norm":  # which no penalty is for, and which sees each half by itself
        assert not any(isinstance(layer, nn.BatchNorm1d) for layer in critic.modules())


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_make_rows_of_the_class_asked_for(name):
    torch.manual_seed(0)
    generator = build("generator", name, features=12, classes=3, latent=5).eval()
    z = torch.randn(1, generator.n_latent).repeat(3, 1)
    rows = generator(z, torch.tensor([0, 1, 1]))
    assert rows.shape == (3, 12)
    assert not torch.allclose(rows[0], rows[1])
    torch.testing.assert_close(rows[1], rows[2])


@pytest.mark.parametrize("name", ["fc4", "dc8", "dc32"])
def test_dropout_leaves_no_row_without_a_gradient(name):
    # Dropout of whole rows would leave 40 % of them without one.
    torch.manual_seed(0)
    rows = torch.randn(64, 20, requires_grad=True)
    critic = build("critic", name, features=20, classes=2).train()
    critic(rows, torch.zeros(64, dtype=torch.long)).sum().backward()
    assert (rows.grad.norm(dim=1) > 0).all()


def test_dropout_rate_is_that_of_the_settings():
    torch.manual_seed(0)
    hidden = {}
    for rate in (0.0, 0.25):
        critic = build("critic", "fc3", features=4, classes=2, dropout=rate).train()
        dropout = next(layer for layer in critic.body if isinstance(layer, Dropout))
        dropout.register_forward_hook(
            lambda _module, _inputs, output, rate=rate: hidden.update({rate: output})
        )
        critic(torch.randn(200, 4), torch.zeros(200, dtype=torch.long))
    assert (hidden[0.0] == 0).float().mean() == 0
    assert (hidden[0.25] == 0).float().mean() == pytest.approx(0.25, abs=0.01)


def test_censored_noise_is_worked_out_by_hand():
    noise = CensoredNoise(4)
    noise.learn_limits(torch.tensor([[-1.0, 9.0, -5.0, 3.0], [0.5, -1.0, 7.0, 3.0]]))
    assert noise.floor.tolist() == [-1, -1, -5, 3]
    assert noise.gap.tolist() == [1.5, 10, 12, 0]
    one = math.log(math.e - 1)  # its softplus is 1
    moments = torch.tensor([[0.5, 0.5, 0.5, 0.5, one, one, one, one]])
    rows = noise(moments, torch.tensor([[2.0, -4.0, -4.0, 3.0]]))
    torch.testing.assert_close(rows, torch.tensor([[2.5 + 1.5, -1.0, -3.5 + 12, 3.5]]))


def test_gradients_of_censored_noise_are_those_of_the_expected_value():
    """Over many draws, against the mean of a lifted and censored Gaussian in closed form."""
    noise = CensoredNoise(1).double()
    noise.learn_limits(torch.tensor([[0.0], [0.7]]).double())
    moments = torch.tensor([[-0.3, 0.2]]).double().requires_grad_()
    draws = torch.randn(400_000, 1, generator=torch.Generator().manual_seed(0)).double()
    noise(moments.expand(len(draws), 2), draws).mean().backward()

    mean, deviation = (value.detach().requires_grad_() for value in (moments[0, 0], moments[0, 1]))
    scale = torch.nn.functional.softplus(deviation)
    share = torch.special.ndtr(mean / scale)
    density = torch.exp(-((mean / scale) ** 2) / 2) / math.sqrt(2 * math.pi)
    (mean * share + scale * density + 0.7 * share).backward()
    expected = [mean.grad.item(), deviation.grad.item()]
    assert moments.grad[0].tolist() == pytest.approx(expected, abs=5e-3)


def test_censored_noise_has_no_floor_before_it_has_seen_rows():
    moments = torch.tensor([[-1e30, 0.0]])
    assert CensoredNoise(1)(moments, torch.zeros(1, 1)) == -1e30


def test_a_noisy_generator_fills_every_direction():
    # One latent number alone would leave rows on a line.
    torch.manual_seed(0)
    generator = build("generator", "noisy", features=6, classes=1, latent=1).eval()
    with torch.no_grad():
        rows = generator(torch.randn(4000, generator.n_latent), torch.zeros(4000).long())
    assert torch.linalg.eigvalsh(torch.cov(rows.T)).min() > 0.2


def test_only_a_noisy_generator_draws_a_number_a_feature():
    assert build("generator", "fc4").n_latent == LATENT
    assert build("generator", "noisy").n_latent == LATENT + FEATURES
