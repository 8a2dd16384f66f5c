"""Updates per CPU second of the cWGAN-GP against a plain loop, on one thread.

The plain loop is the one usually written from algorithm 1: rows picked by Python's random numbers,
one pass of the critic each for real, generated and interpolated rows, the penalty differentiated
twice by autograd, gradients that run on into the generator, the default Adam, and a loss read back
at every update. Both train the thesis' networks with 20 classes, batch 64 and five critic steps.
First both go through 100 updates from the same weights with the same random numbers, and the
largest difference of their losses is shown. Then rounds alternate, and the medians of their CPU
seconds are compared, which a busy machine disturbs less than the time on the wall.

    python benchmarks/gan_training.py [--quick] [--device cuda]

On a GPU both are timed by the wall, with the device waited for. The last line is JSON: updates a
second of imsforge over those of the plain loop, and the time of five repeats side by side over
that of one.
"""

import argparse
import json
import os
import random
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch

from imsforge.gan import training
from imsforge.gan.batches import Batches, draw_together
from imsforge.gan.cycle import fast_cycle
from imsforge.gan.model import ConditionalGAN
from imsforge.gan.settings import GANSettings
from imsforge.gan.state import TrainingState

N_CLASSES, N_ROWS, N_REPEATS = 20, 8_000, 5


def plain_loop(model, batches):
    """Train as most would write it; returns the critic's losses."""
    settings = model.settings
    model.set_training(True)
    generator, critic = model.generator, model.critic
    critic_adam = torch.optim.Adam(
        critic.parameters(), lr=settings.learning_rate, betas=settings.betas
    )
    generator_adam = torch.optim.Adam(
        generator.parameters(), lr=settings.generator_learning_rate, betas=settings.betas
    )
    course = []
    for update, (real, labels, z, weight, generator_labels, generator_z) in enumerate(batches, 1):
        fake = generator(z, labels)
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
        if update % settings.critic_steps == 0:
            fake = generator(generator_z, generator_labels)
            loss = -critic(fake, generator_labels).mean()
            generator_adam.zero_grad()
            loss.backward()
            generator_adam.step()
    return course


def plain_batches(X, y, settings):
    """Yield what the plain loop trains on, drawn as most would draw it."""
    n, latent = settings.batch_size, settings.latent_size
    for _ in range(settings.updates):
        rows = [random.randrange(len(X)) for _ in range(n)]
        real, labels = X[rows], y[rows]
        z, weight = torch.randn(n, latent, device=X.device), torch.rand(n, 1, device=X.device)
        yield real, labels, z, weight, labels, torch.randn(n, latent, device=X.device)


def same_batches(batches, settings):
    """Yield what a cycle of imsforge trains on, as the plain loop takes it."""
    for _ in range(settings.updates // settings.critic_steps):
        draws = draw_together([batches], settings.critic_steps)
        real, z, weight = draws.real[0], draws.z[0], draws.weight[0]
        last = draws.generator_labels[0, 0].argmax(-1), draws.generator_z[0, 0]
        for step in zip(real, draws.labels[0].argmax(-1), z, weight, strict=True):
            yield *step, *last


def losses_apart(X, y, settings):
    """Return the largest difference between the losses of both loops, relative where above one."""
    torch.manual_seed(0)
    models = [ConditionalGAN(settings, X.shape[1], N_CLASSES, X.device) for _ in range(2)]
    for ours, plain in zip(*(model.networks.values() for model in models), strict=True):
        ours.to(X.dtype).load_state_dict(plain.to(X.dtype).state_dict())
    plain = plain_loop(models[1], same_batches(Batches(X, y, N_CLASSES, settings, 0), settings))
    batches = [Batches(X, y, N_CLASSES, settings, 0)]
    state, ours = TrainingState(models[:1], batches), []
    state.set_training(True)
    cycle = None
    for _ in range(settings.updates // settings.critic_steps):
        draws = draw_together(batches, settings.critic_steps)
        cycle = cycle or fast_cycle(state, settings, draws)
        ours += cycle(draws)["critic_loss"][0].tolist()
    ours, plain = np.array(ours), np.array(plain)
    return np.max(np.abs(ours - plain) / np.abs(plain).clip(1))


def seconds(function, device):
    """Return the seconds of one call: of the CPU, or on the wall if a GPU does the work."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    started = clock()
    function()
    wait()
    return clock() - started


def compare(n_features, updates, rounds, device):
    """Return median seconds of the plain loop, of imsforge, and of five repeats side by side."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, N_CLASSES, N_ROWS)
    noise = rng.normal(size=(N_ROWS, n_features))
    X = (rng.normal(size=(N_CLASSES, n_features))[y] + noise).astype(np.float32)
    settings = GANSettings(
        generator="fc4", updates=updates, critic_steps=5, rate_decay="constant", average=0.0
    ).resolved()
    rows, labels = torch.tensor(X, device=device), torch.tensor(y, device=device)
    short = GANSettings(**{**vars(settings), "updates": 100})
    print(f"{n_features} features: losses apart by {losses_apart(rows, labels, short):.1e}")

    def plain():
        model = ConditionalGAN(settings, n_features, N_CLASSES, device)
        plain_loop(model, plain_batches(rows, labels, settings))

    def ours(n_runs=1):
        runs = [training.Run(X, y, seed) for seed in range(n_runs)]
        training.train_together(runs, N_CLASSES, settings, device=device)

    loops = (plain, ours, lambda: ours(N_REPEATS))
    times = [[seconds(loop, device) for loop in loops] for _ in range(rounds + 1)]
    return np.median(times[1:], axis=0)  # the first round warms up


def main():
    """Print a line for each number of features, then the ratios as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="about a minute")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    arguments = parser.parse_args()
    updates, rounds = (200, 2) if arguments.quick else (1000, 5)
    if arguments.device == "cpu":
        torch.set_num_threads(1)
    training.HISTORY_ROWS = 2  # a row costs the same however long a run is: 100 of 10,000 updates
    ratios = {}
    for n_features in (50, 573):
        plain, ours, five = compare(n_features, updates, rounds, arguments.device)
        ratios[f"gan_training_{n_features}_features"] = round(plain / ours, 2)
        ratios[f"gan_training_{n_features}_features_five_repeats"] = round(five / ours, 2)
        print(
            f"{n_features} features: plain loop {updates / plain:.0f} updates/s, imsforge "
            f"{updates / ours:.0f} updates/s, five repeats {5 * updates / five:.0f} updates/s"
        )
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
