"""Updates per CPU second of the cWGAN-GP against a plain loop, on one thread.

The plain loop is the one usually written: a data loader that gathers row by row, one pass of the
critic each for real, generated and interpolated rows, gradients that run on into the generator,
the default Adam, and a loss read back at every update. Both train the thesis' networks with 20
classes, batch 64 and five critic steps. The rounds alternate, and the medians of their CPU
seconds are compared, which a busy machine disturbs less than the time on the wall.

    python benchmarks/gan_training.py [--quick]

The last line is JSON: updates per CPU second of imsforge over those of the plain loop.
"""

import argparse
import json
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from imsforge.gan import training
from imsforge.gan.model import ConditionalGAN
from imsforge.gan.settings import GANSettings

N_CLASSES = 20
N_ROWS = 8_000
UPDATES_PER_HISTORY_ROW = 50  # as in a run of 5,000 updates; a short run would write more often


def plain_loop(X, y, settings):
    """Train as most would write it."""
    torch.manual_seed(0)
    model = ConditionalGAN(settings, X.shape[1], N_CLASSES)
    model.set_training(True)
    generator, critic = model.generator, model.critic
    critic_adam = torch.optim.Adam(
        critic.parameters(), lr=settings.learning_rate, betas=settings.betas
    )
    generator_adam = torch.optim.Adam(
        generator.parameters(), lr=settings.generator_learning_rate, betas=settings.betas
    )
    dataset = TensorDataset(torch.tensor(X), torch.tensor(y))
    loader = DataLoader(dataset, settings.batch_size, shuffle=True, drop_last=True)
    update, course = 0, []
    while True:
        for real, labels in loader:
            fake = generator(torch.randn(len(real), settings.latent_size), labels)
            weight = torch.rand(len(real), 1)
            between = (weight * real + (1 - weight) * fake).requires_grad_(True)
            scores = critic(between, labels)
            slope = torch.autograd.grad(
                scores, between, grad_outputs=torch.ones_like(scores), create_graph=True
            )[0]
            penalty = ((slope.norm(2, dim=1) - 1) ** 2).mean()
            loss = critic(fake, labels).mean() - critic(real, labels).mean()
            loss = loss + settings.penalty_weight * penalty
            critic_adam.zero_grad()
            loss.backward()
            critic_adam.step()
            course.append(loss.item())
            update += 1
            if update % settings.critic_steps == 0:
                fake = generator(torch.randn(len(real), settings.latent_size), labels)
                loss = -critic(fake, labels).mean()
                generator_adam.zero_grad()
                loss.backward()
                generator_adam.step()
            if update == settings.updates:
                return course


def seconds(function):
    """Return the CPU seconds of one call."""
    started = time.process_time()
    function()
    return time.process_time() - started


def compare(n_features, updates, rounds):
    """Return the median seconds of the plain loop and of imsforge for so many updates."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, N_CLASSES, N_ROWS)
    X = (
        rng.normal(size=(N_CLASSES, n_features))[y] + rng.normal(size=(N_ROWS, n_features))
    ).astype(np.float32)
    settings = GANSettings(updates=updates, critic_steps=5, betas=(0.5, 0.9)).resolved()
    ours = lambda: training.train(X, y, N_CLASSES, settings, seed=0, device="cpu")  # noqa: E731
    plain = lambda: plain_loop(X, y, settings)  # noqa: E731
    times = np.array([[seconds(plain), seconds(ours)] for _ in range(rounds + 1)])
    return np.median(times[1:], axis=0)  # the first round warms up


def main():
    """Print a line for each number of features, then the ratios as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="less than a minute")
    quick = parser.parse_args().quick
    updates, rounds = (100, 3) if quick else (1000, 5)
    torch.set_num_threads(1)
    training.HISTORY_ROWS = updates // UPDATES_PER_HISTORY_ROW
    ratios = {}
    for n_features in (50, 573):
        plain, ours = compare(n_features, updates, rounds)
        ratios[f"gan_training_{n_features}_features"] = round(plain / ours, 2)
        print(
            f"{n_features} features: plain loop {updates / plain:.0f} updates/CPU s, "
            f"imsforge {updates / ours:.0f} updates/CPU s (with its history)"
        )
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
