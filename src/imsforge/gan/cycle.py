"""One cycle of a conditional GAN: some updates of the critic, then one of the generator."""

from dataclasses import fields

import torch

from imsforge.gan.batches import Draws
from imsforge.gan.critics import batched_critics
from imsforge.gan.generators import batched_generators
from imsforge.gan.losses import critic_readings

#: Batches that are generated in one pass: more do not stay in a processor's cache.
AHEAD = 8


class Cycle:
    """A cycle of all runs of a `TrainingState`.

    While the critic is updated, the generator stands still: the rows of several critic steps are
    generated in one pass, without a graph of autograd.

    Parameters
    ----------
    state : TrainingState
    settings : GANSettings, resolved
    """

    def __init__(self, state, settings):
        self.state = state
        self.settings = settings
        self.critics = batched_critics(state.stacks["critic"], settings)
        self.generators = batched_generators(state.stacks["generator"])

    @torch.no_grad()
    def __call__(self, draws):
        """Do the critic steps, and, where the cycle is whole, the generator's.

        Parameters
        ----------
        draws : Draws

        Returns
        -------
        dict of str to tensor of shape (n_runs, n_steps)
            What the history tells; ``generator_loss`` has one step. Nothing waits for the device.
        """
        scores = {}
        n_steps = draws.real.shape[1]
        for start in range(0, n_steps, AHEAD):
            part = slice(start, start + AHEAD)
            generated = self.generators(draws.z[:, part], draws.labels[:, part])
            for ahead, step in enumerate(range(n_steps)[part]):
                for name, values in self._critic_step(draws, step, generated[:, ahead]).items():
                    scores.setdefault(name, []).append(values)
        scores = {name: torch.stack(values, dim=1) for name, values in scores.items()}
        runs = [
            critic_readings(self.settings, {name: values[run] for name, values in scores.items()})
            for run in range(len(draws.real))
        ]
        readings = {name: torch.stack([run[name] for run in runs]) for name in runs[0]}
        if n_steps == self.settings.critic_steps:
            loss = self._generator_step(draws.generator_labels, draws.generator_z)
            readings["generator_loss"] = loss.unsqueeze(1)
        return readings

    def _critic_step(self, draws, step, generated):
        batch = (draws.real[:, step], generated, draws.labels[:, step], draws.weight[:, step])
        scores = self.critics.gradients(*batch)
        self.state.optimisers["critic"].step()
        if self.settings.kind == "cwgan":
            self.state.stacks["critic"].values.clamp_(-self.settings.clip, self.settings.clip)
        return scores

    def _generator_step(self, labels, z):
        stack = self.state.stacks["generator"]
        generated = self.generators(z, labels, learn=True)
        loss, slopes = self.critics.generator_gradients(generated[:, 0], labels[:, 0])
        self.generators.backward(slopes.unsqueeze(1))
        self.state.optimisers["generator"].step()
        if self.settings.average:
            self.state.averaged.follow(stack, self.state.share)
        return loss


class CapturedCycle:
    """A `Cycle` as one CUDA graph: a single launch in place of thousands.

    The draws are copied to where the graph expects them; everything it changes, weights, moments
    and running means, lies in the state and keeps its place.

    Parameters
    ----------
    cycle : Cycle, on a CUDA device and with optimisers that are capturable
    draws : Draws of a whole cycle, whose shapes the graph has
    """

    def __init__(self, cycle, draws):
        self._draws = Draws(*(getattr(draws, entry.name).clone() for entry in fields(draws)))
        before = cycle.state.tensors()
        before = {name: value.clone() for name, value in before.items()}
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):  # what libraries set up at first use must not be captured
                cycle(self._draws)
        torch.cuda.current_stream().wait_stream(stream)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._readings = cycle(self._draws)
        cycle.state.take(before)

    def __call__(self, draws):
        """Do the cycle; see `Cycle`."""
        for entry in fields(draws):
            getattr(self._draws, entry.name).copy_(getattr(draws, entry.name))
        self._graph.replay()
        return {name: value.clone() for name, value in self._readings.items()}


def fast_cycle(state, settings, draws):
    """Return the fastest form of a cycle on the device of a state."""
    cycle = Cycle(state, settings)
    # Dropout draws inside a cycle, from sources that a graph does not know.
    if state.device.type != "cuda" or settings.dropout:
        return cycle
    return CapturedCycle(cycle, draws)
