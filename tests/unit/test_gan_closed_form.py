"""The critic's gradients by hand against autograd, a loop over rows, and finite differences."""

import pytest
import torch
from torch.nn.functional import leaky_relu, one_hot

from imsforge.gan import networks
from imsforge.gan.architectures import CRITICS
from imsforge.gan.closed_form import ClosedFormCritics
from imsforge.gan.critics import AutogradCritics, batched_critics
from imsforge.gan.losses import LOSSES, critic_readings
from imsforge.gan.networks import Critic
from imsforge.gan.settings import KINDS, GANSettings
from imsforge.gan.stack import Stack

N_FEATURES, N_CLASSES, N_ROWS = 7, 3, 10
FULLY_CONNECTED = ["fc1", "fc3", "fc4", "mirrored"]


def stack(name="fc3", n_runs=2, dropout=0.0):
    critics = [Critic(name, N_FEATURES, N_CLASSES, dropout).double() for _ in range(n_runs)]
    for run, critic in enumerate(critics):
        critic.draw_from(torch.Generator().manual_seed(run))
    return Stack(critics)


def batch(n_runs=2, seed=1):
    torch.manual_seed(seed)
    real, fake = (torch.randn(n_runs, N_ROWS, N_FEATURES).double() for _ in range(2))
    labels = one_hot(torch.randint(N_CLASSES, (n_runs, N_ROWS)), N_CLASSES).double()
    return real, fake, labels, torch.rand(n_runs, N_ROWS, 1).double()


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    for name in FULLY_CONNECTED:
        monkeypatch.setitem(CRITICS, name, CRITICS[name].replace("512", "16"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FULLY_CONNECTED)
def test_gradients_are_those_of_autograd(name, kind):
    critics, settings = stack(name), GANSettings(kind=kind)
    expected = AutogradCritics(critics, settings).gradients(*batch())
    by_autograd = {key: slopes.clone() for key, slopes in critics.slopes.items()}
    critics.gradients.fill_(torch.nan)
    found = ClosedFormCritics(critics, settings).gradients(*batch())
    torch.testing.assert_close(critics.slopes, by_autograd, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FULLY_CONNECTED)
def test_generators_learn_what_autograd_tells_them(name, kind):
    critics, settings = stack(name), GANSettings(kind=kind)
    _, fake, labels, _ = batch()
    expected = AutogradCritics(critics, settings).generator_gradients(fake, labels)
    found = ClosedFormCritics(critics, settings).generator_gradients(fake, labels)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)


def test_a_second_batch_finds_no_trace_of_the_first():
    critics = stack()
    closed = ClosedFormCritics(critics, GANSettings())
    closed.gradients(*batch(seed=1))
    closed.generator_gradients(*batch(seed=2)[1:3])
    closed.gradients(*batch(seed=3))
    again = critics.gradients.clone()
    ClosedFormCritics(critics, GANSettings()).gradients(*batch(seed=3))
    assert torch.equal(again, critics.gradients)


def test_penalty_and_its_gradient_agree_with_finite_differences():
    critics, settings = stack("fc4", n_runs=1), GANSettings(penalty_weight=3.0)
    real, fake, labels, weight = batch(n_runs=1)
    points = torch.lerp(fake, real, weight)[0]

    def loss():
        """Return the loss, the slopes from differences of scores along each feature."""
        critic, codes, step = critics.networks[0], labels[0].argmax(-1), 1e-6
        with torch.no_grad():
            slopes = [
                (critic(points + shift, codes) - critic(points - shift, codes)) / (2 * step)
                for shift in torch.eye(N_FEATURES).double() * step
            ]
            wasserstein = critic(fake[0], codes).mean() - critic(real[0], codes).mean()
        norms = torch.stack(slopes, dim=1).norm(dim=1)
        return (wasserstein + 3.0 * ((norms - 1) ** 2).mean()).item()

    found = ClosedFormCritics(critics, settings).gradients(real, fake, labels, weight)
    assert critic_readings(settings, found)["critic_loss"].item() == pytest.approx(loss(), abs=1e-7)
    step, random = 1e-5, torch.Generator().manual_seed(0)
    n_values = sum(values.numel() for values in critics.parameters.values())
    for index in torch.randperm(n_values, generator=random)[:40]:
        before = critics.values[index].item()
        critics.values[index] = before + step
        above = loss()
        critics.values[index] = before - step
        below = loss()
        critics.values[index] = before
        difference = (above - below) / (2 * step)
        assert critics.gradients[index].item() == pytest.approx(difference, abs=2e-4)


def test_a_linear_critic_by_hand():
    # Score 3 a + 4 b: slope of length 5; dP/dw = 2 (5 - 1) w / 5 for every row.
    critics = stack("fc1", n_runs=1)
    critics.parameters["body.0.weight"].zero_()[0, 0, :2] = torch.tensor([3.0, 4.0])
    real, _, labels, weight = batch(n_runs=1)
    closed = ClosedFormCritics(critics, GANSettings(penalty_weight=1.0))
    found = closed.gradients(real, real, labels, weight)  # the Wasserstein terms cancel
    assert found["norms"].tolist() == [[5.0] * N_ROWS]
    slope = critics.slopes["body.0.weight"][0, 0, :2].tolist()
    assert slope == pytest.approx([2 * 4 * 3 / 5, 2 * 4 * 4 / 5])


def test_a_flat_critic_has_no_direction_to_grow_in():
    critics = stack(n_runs=1)
    critics.values.zero_()
    found = ClosedFormCritics(critics, GANSettings()).gradients(*batch(n_runs=1))
    assert found["norms"].tolist() == [[0.0] * N_ROWS]
    assert torch.isfinite(critics.gradients).all()


def test_dropout_is_part_of_the_chain(monkeypatch):
    """The same factors, put into a plain forward pass that autograd differentiates."""
    drawn, draw = [], networks.Dropout.draw

    def remembered(self, values):
        drawn.append(draw(self, values))
        return drawn[-1]

    monkeypatch.setattr(networks.Dropout, "draw", remembered)
    critics, settings = stack("fc4", n_runs=1, dropout=0.5), GANSettings(dropout=0.5)
    real, fake, labels, weight = batch(n_runs=1)
    ClosedFormCritics(critics, settings).gradients(real, fake, labels, weight)
    assert [factors.unique().tolist() for factors in drawn] == [[0.0, 2.0]] * 2

    critic = critics.networks[0]
    points = torch.lerp(fake, real, weight).requires_grad_()
    rows = torch.cat([real, fake, points], dim=1)[0]
    values = torch.cat([rows, critic.embedding(labels[0].argmax(-1)).repeat(3, 1)], dim=1)
    linear = [layer for layer in critic.body if isinstance(layer, torch.nn.Linear)]
    for layer, factors in zip(linear, [None, *drawn], strict=False):
        values = layer(values) if factors is None else layer(values) * factors
        values = leaky_relu(values, 0.2)
    scores = linear[-1](values).squeeze(1)
    loss = LOSSES["cwgan-gp"].critic(scores[:N_ROWS], scores[N_ROWS : 2 * N_ROWS])
    (slope,) = torch.autograd.grad(scores[2 * N_ROWS :].sum(), points, create_graph=True)
    loss = loss + 10 * ((slope[0].norm(dim=1) - 1) ** 2).mean()
    by_autograd = torch.autograd.grad(loss, list(critic.parameters()))
    for ours, expected in zip(critic.parameters(), by_autograd, strict=True):
        torch.testing.assert_close(ours.grad, expected, rtol=1e-12, atol=1e-13)


def test_the_closed_form_is_taken_where_it_applies():
    for name in CRITICS:
        fits = isinstance(batched_critics(stack(name, n_runs=1), GANSettings()), ClosedFormCritics)
        assert fits == (name in FULLY_CONNECTED)
