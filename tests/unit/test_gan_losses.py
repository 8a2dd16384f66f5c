import math

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from imsforge.gan import losses
from imsforge.gan.losses import CrossEntropy, Wasserstein, critic_readings
from imsforge.gan.settings import GANSettings

LABELS = torch.zeros(4, dtype=torch.long)


def halves(n):
    """Interpolate in the middle."""
    return torch.full((n, 1), 0.5)


def test_cross_entropy_at_an_undecided_discriminator():
    undecided = torch.zeros(3)
    assert CrossEntropy.critic(undecided, undecided).item() == pytest.approx(2 * math.log(2))
    assert CrossEntropy.generator(undecided).item() == pytest.approx(math.log(2))
    assert CrossEntropy.reading(undecided).item() == 0.5


def test_cross_entropy_agrees_with_torch():
    torch.manual_seed(0)
    real, fake = torch.randn(50), torch.randn(50)
    expected = binary_cross_entropy_with_logits(
        real, torch.ones(50)
    ) + binary_cross_entropy_with_logits(fake, torch.zeros(50))
    torch.testing.assert_close(CrossEntropy.critic(real, fake), expected)
    torch.testing.assert_close(
        CrossEntropy.generator(fake), binary_cross_entropy_with_logits(fake, torch.ones(50))
    )


def test_generator_learns_most_where_the_discriminator_is_sure():
    logits = torch.tensor([-60.0, 60.0])
    torch.testing.assert_close(CrossEntropy.generator_slopes(logits), torch.tensor([-0.5, 0.0]))


def test_wasserstein_losses_by_hand():
    real, fake = torch.tensor([3.0, 5.0]), torch.tensor([1.0, 0.0])
    assert Wasserstein.critic(real, fake).item() == 0.5 - 4
    assert Wasserstein.generator(fake).item() == -0.5
    assert Wasserstein.reading(real).item() == 4


@pytest.mark.parametrize("loss", [CrossEntropy, Wasserstein])
def test_derivatives_by_hand_are_those_of_autograd(loss):
    torch.manual_seed(0)
    real, fake = (torch.randn(3, 7).double().requires_grad_() for _ in range(2))
    by_autograd = torch.autograd.grad(loss.critic(real, fake).sum(), (real, fake))
    for ours, expected in zip(loss.critic_slopes(real, fake), by_autograd, strict=True):
        torch.testing.assert_close(ours.detach(), expected)
    (expected,) = torch.autograd.grad(loss.generator(fake).sum(), fake)
    torch.testing.assert_close(loss.generator_slopes(fake).detach(), expected)


def test_readings_by_hand():
    scores = {"real": torch.tensor([3.0, 5.0]), "fake": torch.tensor([1.0, 0.0])}
    settings = GANSettings(penalty_weight=10.0)
    readings = critic_readings(settings, scores | {"norms": torch.tensor([1.0, 3.0])})
    told = {name: value.item() for name, value in readings.items()}
    assert told == {
        "critic_loss": -3.5 + 10 * 2,
        "critic_real": 4,
        "critic_fake": 0.5,
        "gradient_norm": 2,
        "gradient_penalty": 2,
    }
    assert "gradient_norm" not in critic_readings(GANSettings(kind="cgan"), scores)


def test_penalty_of_a_linear_critic_by_hand():
    weights = torch.tensor([3.0, 4.0])
    penalty, norms = losses.gradient_penalty(
        lambda rows, _: rows @ weights, torch.randn(4, 2), torch.randn(4, 2), LABELS, halves(4)
    )
    assert norms.tolist() == pytest.approx([5] * 4)
    assert penalty.item() == pytest.approx(16)


def test_penalty_judges_each_row_and_not_the_batch():
    # Slopes 1, 2, 3 and 4 in the four rows: (0 + 1 + 4 + 9) / 4.
    slopes = torch.tensor([1.0, 2.0, 3.0, 4.0])
    penalty, norms = losses.gradient_penalty(
        lambda rows, labels: slopes[labels] * rows[:, 0],
        torch.randn(4, 3),
        torch.randn(4, 3),
        torch.arange(4),
        halves(4),
    )
    assert penalty.item() == pytest.approx(3.5)
    assert norms.tolist() == pytest.approx([1, 2, 3, 4])


def test_penalty_looks_between_each_pair_of_rows():
    real, fake = torch.ones(3, 5), torch.zeros(3, 5)
    weight = torch.tensor([[0.0], [0.25], [1.0]])
    seen = []

    def critic(rows, _):
        seen.append(rows.detach())
        return rows.sum(dim=1)

    losses.gradient_penalty(critic, real, fake, None, weight)
    torch.testing.assert_close(seen[0], weight.expand(3, 5))


def test_penalty_of_a_flat_critic_is_one_and_can_be_learned_from():
    scale = torch.zeros(3, requires_grad=True)
    penalty, _ = losses.gradient_penalty(
        lambda rows, _: rows @ scale, torch.randn(4, 3), torch.randn(4, 3), LABELS, halves(4)
    )
    penalty.backward()
    assert penalty.item() == 1
    assert torch.isfinite(scale.grad).all()


class SmoothCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1)).double()

    def forward(self, rows, labels):
        return self.body(rows).squeeze(1) * (1 + labels)


def test_penalty_and_its_gradient_agree_with_finite_differences():
    torch.manual_seed(1)
    critic = SmoothCritic()
    real, fake = torch.randn(5, 3).double(), torch.randn(5, 3).double()
    labels = torch.tensor([0, 1, 0, 1, 2])

    weight = torch.rand(5, 1, dtype=torch.float64)

    def penalty_by_differences():
        points = weight * real + (1 - weight) * fake
        step = 1e-6
        with torch.no_grad():
            slopes = [
                (critic(points + shift, labels) - critic(points - shift, labels)) / (2 * step)
                for shift in torch.eye(3).double() * step
            ]
        norms = torch.stack(slopes, dim=1).norm(dim=1)
        return ((norms - 1) ** 2).mean().item()

    penalty, _ = losses.gradient_penalty(critic, real, fake, labels, weight)
    assert penalty.item() == pytest.approx(penalty_by_differences(), abs=1e-7)

    penalty.backward()
    weights = critic.body[0].weight
    step = 1e-4
    for index in [(0, 0), (2, 1), (5, 2)]:
        with torch.no_grad():
            weights[index] += step
            above = penalty_by_differences()
            weights[index] -= 2 * step
            below = penalty_by_differences()
            weights[index] += step
        assert weights.grad[index].item() == pytest.approx((above - below) / (2 * step), abs=1e-4)
