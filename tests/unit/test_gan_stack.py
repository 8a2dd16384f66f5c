"""Several runs at once: weights, optimiser, generators and trainings."""

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from imsforge.errors import DataError
from imsforge.gan import training
from imsforge.gan.architectures import CRITICS, GENERATORS
from imsforge.gan.generators import (
    FullyConnectedGenerators,
    ModuleGenerators,
    batched_generators,
)
from imsforge.gan.networks import Critic, Generator
from imsforge.gan.settings import GANSettings
from imsforge.gan.stack import Stack
from imsforge.gan.state import Adam
from imsforge.gan.training import Run
from imsforge.stage import limited_threads

N_CLASSES, LATENT, N_FEATURES = 3, 5, 6


@pytest.fixture(autouse=True)
def one_thread():
    torch.manual_seed(0)
    with limited_threads(1):
        yield


def generators(name, n_runs=2):
    networks = [Generator(name, LATENT, N_FEATURES, N_CLASSES).double() for _ in range(n_runs)]
    for network in networks:
        # High enough that many values lie on it.
        network.learn_range(torch.randn(50, N_FEATURES).double().clamp(min=-0.3))
    return Stack([network.train() for network in networks])


def test_networks_see_what_happens_to_the_stack():
    critics = Stack([Critic("fc3", 4, 2, 0.0) for _ in range(3)])
    critics.values.fill_(0.5)
    assert all((value == 0.5).all() for c in critics.networks for value in c.parameters())
    critics.slopes["body.0.bias"][1] = 7.0
    assert (critics.networks[1].body[0].bias.grad == 7).all()
    assert (critics.networks[2].body[0].bias.grad == 0).all()


def test_adam_is_that_of_torch():
    critics = Stack([Critic("fc3", 4, 2, 0.0) for _ in range(2)])
    values = critics.values.clone().requires_grad_()
    expected = torch.optim.Adam([values], 1e-2, betas=(0.5, 0.9))
    ours = Adam(critics, 1e-2, (0.5, 0.9))
    for _ in range(5):
        critics.gradients.normal_()
        values.grad = critics.gradients.clone()
        expected.step()
        ours.step()
    torch.testing.assert_close(critics.values, values.detach())


@pytest.mark.parametrize("name", GENERATORS)
def test_many_batches_in_one_pass_are_as_many_passes(name):
    stack = generators(name)
    z = torch.randn(2, 4, 8, stack.networks[0].n_latent).double()
    labels = one_hot(torch.randint(N_CLASSES, (2, 4, 8)), N_CLASSES).double()
    passes = generators(name)
    passes.follow(stack, 1.0)
    rows = batched_generators(stack)(z, labels)
    torch.testing.assert_close(rows, ModuleGenerators(passes)(z, labels))
    for ours, expected in zip(stack.networks, passes.networks, strict=True):
        for key, value in expected.state_dict().items():
            if "num_batches" not in key:
                torch.testing.assert_close(ours.state_dict()[key], value)


@pytest.mark.parametrize("name", ["fc1", "fc3", "fc4", "mirrored", "noisy"])
def test_gradients_by_hand_are_those_of_autograd(name):
    stack = generators(name)
    z = torch.randn(2, 1, 8, stack.networks[0].n_latent).double()
    labels = one_hot(torch.randint(N_CLASSES, (2, 1, 8)), N_CLASSES).double()
    slopes = torch.randn(2, 1, 8, N_FEATURES).double()
    by_autograd, by_hand = ModuleGenerators(stack), FullyConnectedGenerators(stack)
    by_autograd(z, labels, learn=True)
    by_autograd.backward(slopes)
    expected = {key: values.clone() for key, values in stack.slopes.items()}
    stack.gradients.fill_(torch.nan)
    by_hand(z, labels, learn=True)
    by_hand.backward(slopes)
    torch.testing.assert_close(stack.slopes, expected, rtol=1e-9, atol=1e-12)


def runs(n_runs=3, n_features=5):
    random = np.random.default_rng(0)
    y = [np.arange(90 + run) % N_CLASSES for run in range(n_runs)]
    return [
        Run(random.normal(size=(len(codes), n_features)) + codes[:, None], codes, seed)
        for seed, codes in enumerate(y)
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"dropout": 0.3, "average": 0.9},
        {"kind": "cgan", "generator": "fc3"},
        {"critic": "dc8", "dropout": 0.3, "generator": "dc8"},
        {"generator": "noisy", "average": 0.9},
        {"generator": "noisy", "average": 0.9, "whitening": 0.25},
    ],
    ids=["closed form", "cgan", "convolutional", "noisy", "whitened"],
)
def test_runs_side_by_side_end_as_one_by_one(settings):
    """Up to rounding: on some processors batched products round differently."""
    settings = GANSettings(updates=10, critic_steps=2, batch_size=16, **settings)
    together = training.train_together(runs(), N_CLASSES, settings, device="cpu")
    for run, model in zip(runs(), together, strict=True):
        alone = training.train(run.X, run.y, N_CLASSES, settings, seed=run.seed, device="cpu")
        for name, network in model.networks.items():
            for key, value in network.state_dict().items():
                expected = alone.networks[name].state_dict()[key]
                torch.testing.assert_close(value, expected, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(model.history, alone.history, rtol=1e-3, atol=1e-3)
        rows = (trained.sample(run.y, seed=1) for trained in (model, alone))
        np.testing.assert_allclose(*rows, rtol=1e-2, atol=1e-2)
        assert model.updates == alone.updates == 10


def test_a_run_that_explodes_leaves_the_others_alone(monkeypatch):
    settings = GANSettings(
        updates=300, critic_steps=1, batch_size=16, generator="fc3", critic="fc1"
    )
    undisturbed = training.train_together(runs(), N_CLASSES, settings, device="cpu")
    calls, step = [], training.Cycle.__call__

    def exploding(self, draws):
        calls.append(1)
        if len(calls) == 100:
            self.state.stacks["critic"].networks[1].body[0].weight.data.fill_(torch.nan)
        return step(self, draws)

    monkeypatch.setattr(training.Cycle, "__call__", exploding)
    models = training.train_together(runs(), N_CLASSES, settings, device="cpu")
    assert [model.updates for model in models] == [300, 99, 300]
    for ours, expected in zip(models, undisturbed, strict=True):
        same = len(ours.history)
        assert ours.history.equals(expected.history[:same])
        assert all(torch.isfinite(value).all() for value in ours.critic.parameters())


def test_runs_that_do_not_fit_together_are_refused():
    settings = GANSettings(updates=4, critic_steps=2, batch_size=200)
    with pytest.raises(DataError, match="different batches or updates"):
        training.train_together(runs(), N_CLASSES, settings)
    others = [*runs(1), *runs(1, n_features=4)]
    with pytest.raises(DataError, match="different features"):
        training.train_together(others, N_CLASSES, GANSettings(batch_size=16))


def test_a_stacked_training_goes_on_to_the_same_bytes(tmp_path, monkeypatch):
    from imsforge.gan import checkpoint

    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0.0)
    monkeypatch.setitem(CRITICS, "fc3", "linear 16, leaky, linear 16, dropout, leaky, linear out")
    settings = GANSettings(updates=20, critic_steps=2, batch_size=16, average=0.9, dropout=0.2)

    def content(models):
        return [
            {k: v.tolist() for net in m.networks.values() for k, v in net.state_dict().items()}
            for m in models
        ]

    undisturbed = training.train_together(runs(), N_CLASSES, settings, device="cpu")
    calls, draw = [], training.draw_together

    def dying(*arguments):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return draw(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(training, "draw_together", dying)
        with pytest.raises(KeyboardInterrupt):
            training.train_together(
                runs(), N_CLASSES, settings, device="cpu", checkpoint_dir=tmp_path
            )
    resumed = training.train_together(
        runs(), N_CLASSES, settings, device="cpu", checkpoint_dir=tmp_path
    )
    assert content(resumed) == content(undisturbed)
