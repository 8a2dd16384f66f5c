"""Generators of several runs at once: many batches in one pass, each with its own BatchNorm.

Both kinds map latent numbers (n_runs, n_batches, n, n_latent) and one-hot classes (n_runs,
n_batches, n, n_classes) to rows (n_runs, n_batches, n, n_features), as so many separate passes in
training mode would: BatchNorm sees one batch at a time, and running statistics move once a batch.
A pass with ``learn=True`` may be followed by ``backward``, which writes the gradients into the
stack.
"""

import math

import torch
from torch import nn
from torch.nn.functional import softplus

from imsforge.gan.networks import is_made_of

aten = torch.ops.aten


def batched_generators(stack):
    """Return the generators of a stack as one callable: the faster kind where it applies."""
    layers = (nn.Linear, nn.BatchNorm1d, nn.LeakyReLU, nn.ReLU, nn.Tanh)
    fits = is_made_of(stack.networks[0], *layers)
    return FullyConnectedGenerators(stack) if fits else ModuleGenerators(stack)


class ModuleGenerators:
    """Generators of any layers, one run and one batch after the other, by autograd."""

    def __init__(self, stack):
        self.stack = stack
        self._rows = None

    def __call__(self, z, labels, learn=False):
        """Generate rows; see the module."""
        codes = labels.argmax(dim=-1)
        with torch.set_grad_enabled(learn):
            self._rows = torch.stack(
                [
                    torch.stack([network(*batch) for batch in zip(*run, strict=True)])
                    for network, *run in zip(self.stack.networks, z, codes, strict=True)
                ]
            )
        return self._rows.detach()

    def backward(self, slopes):
        """Write the gradients of the last pass; ``slopes`` are the loss' by the rows."""
        self.stack.gradients.zero_()
        self._rows.backward(slopes)


class FullyConnectedGenerators:
    """Generators of linear layers, BatchNorm and activations, as batched products, by hand."""

    def __init__(self, stack):
        self.stack = stack
        self._layers = [
            (f"body.{name}", layer) for name, layer in stack.networks[0].body.named_children()
        ]
        self._memory = []
        self._noisy = stack.networks[0].noise is not None
        self._noise_memory = None

    @torch.no_grad()
    def __call__(self, z, labels, learn=False):
        """Generate rows; see the module."""
        n_runs, n_batches, n = z.shape[:3]
        labels = labels.reshape(n_runs, n_batches * n, -1)
        embedded = torch.bmm(labels, self.stack.parameters["embedding.weight"])
        z, noise = z.flatten(1, 2).tensor_split([self.stack.networks[0].latent_size], dim=2)
        values = torch.cat([z, embedded], dim=2)
        self._memory = [labels]
        for name, layer in self._layers:
            values, memory = self._forward(name, layer, values, n)
            if learn:
                self._memory.append(memory)
        if self._noisy:
            values = self._censored_noise(values, noise)
        return values.view(n_runs, n_batches, n, -1)

    @torch.no_grad()
    def backward(self, slopes):
        """Write the gradients of the last pass, of one batch; ``slopes`` are the loss' by rows."""
        labels, *memories = self._memory
        slopes = slopes.flatten(1, 2)
        if self._noisy:
            slopes = self._censored_noise_backward(slopes, *self._noise_memory)
        for (name, layer), memory in zip(reversed(self._layers), reversed(memories), strict=True):
            slopes = self._backward(name, layer, slopes, memory)
        embedded = slopes[:, :, -labels.shape[2] :]
        torch.bmm(labels.transpose(1, 2), embedded, out=self.stack.slopes["embedding.weight"])

    def _forward(self, name, layer, values, n):
        """Return what a layer makes of values, and what its gradient needs."""
        match layer:
            case nn.Linear():
                return self._linear(name, values), values
            case nn.BatchNorm1d():
                return self._norm(name, layer, values, n)
            case nn.Tanh():
                reached = torch.tanh(values)
                return reached, reached
        return torch.nn.functional.leaky_relu(values, _slope(layer)), values

    def _backward(self, name, layer, slopes, memory):
        """Write the gradients of a layer, and return those by what went into it."""
        match layer:
            case nn.Linear():
                weights = self.stack.slopes[f"{name}.weight"]
                torch.bmm(slopes.transpose(1, 2), memory, out=weights)
                if layer.bias is not None:
                    torch.sum(slopes, dim=1, out=self.stack.slopes[f"{name}.bias"])
                return torch.bmm(slopes, self.stack.parameters[f"{name}.weight"])
            case nn.BatchNorm1d():
                return self._norm_backward(name, slopes, *memory)
            case nn.Tanh():
                return slopes * (1 - memory.square())
        return aten.leaky_relu_backward(slopes, memory, _slope(layer), False)

    def _censored_noise(self, moments, noise):
        """Make rows from means and spreads, as `imsforge.gan.networks.CensoredNoise` does."""
        mean, spread = moments.chunk(2, dim=2)
        floor, gap = (self.stack.buffers[f"noise.{key}"].unsqueeze(1) for key in ("floor", "gap"))
        values = torch.addcmul(mean, softplus(spread), noise)
        self._noise_memory = values > floor, noise, mean, spread
        return torch.where(values > floor, values + gap, floor)

    def _censored_noise_backward(self, slopes, detected, noise, mean, spread):
        """Return the gradients by means and spreads."""
        floor, gap = (self.stack.buffers[f"noise.{key}"].unsqueeze(1) for key in ("floor", "gap"))
        deviation = softplus(spread)
        below = (floor - mean) / deviation  # where the floor lies, in standard deviations
        # By how much the mean moves the share that is detected, times the height of the step.
        step = gap * torch.exp(-below.square() / 2) / (deviation * math.sqrt(2 * math.pi))
        by_mean = slopes * (detected + step)
        by_deviation = slopes * (detected * noise + below * step)
        return torch.cat([by_mean, by_deviation * torch.sigmoid(spread)], dim=2)

    def _linear(self, name, values):
        weight = self.stack.parameters[f"{name}.weight"].transpose(1, 2)
        if (bias := self.stack.parameters.get(f"{name}.bias")) is None:
            return torch.bmm(values, weight)
        return torch.baddbmm(bias.unsqueeze(1), values, weight)

    def _norm(self, name, layer, values, n):
        """Normalise each batch of n rows; ``memory`` is the normalised values and the scale."""
        batches = values.view(len(values), -1, n, values.shape[2])
        mean = batches.mean(dim=2, keepdim=True)
        centred = batches - mean
        variance = centred.square().mean(dim=2, keepdim=True)
        self._remember(name, layer.momentum, mean, variance, n)
        scale = torch.rsqrt(variance + layer.eps)
        normal = centred.mul_(scale)
        weight, bias = (
            self.stack.parameters[f"{name}.{key}"][:, None, None] for key in ("weight", "bias")
        )
        rows = torch.addcmul(bias, normal, weight)
        return rows.view_as(values), (normal.view_as(values), scale.squeeze(2))

    def _norm_backward(self, name, slopes, normal, scale):
        torch.sum(slopes, dim=1, out=self.stack.slopes[f"{name}.bias"])
        torch.sum(slopes * normal, dim=1, out=self.stack.slopes[f"{name}.weight"])
        slopes = slopes * self.stack.parameters[f"{name}.weight"].unsqueeze(1)
        along = (slopes * normal).mean(dim=1, keepdim=True)
        slopes = slopes - slopes.mean(dim=1, keepdim=True)
        return slopes.addcmul_(normal, along, value=-1).mul_(scale)

    def _remember(self, name, momentum, mean, variance, n):
        """Move the running statistics through all batches, in their order."""
        n_batches = mean.shape[1]
        ages = torch.arange(n_batches - 1, -1, -1, dtype=mean.dtype, device=mean.device)
        shares = (momentum * (1 - momentum) ** ages).view(1, n_batches, 1)
        unbiased = variance * (n / (n - 1))
        for key, values in (("running_mean", mean), ("running_var", unbiased)):
            kept = self.stack.buffers[f"{name}.{key}"]
            kept.mul_((1 - momentum) ** n_batches).add_((shares * values.squeeze(2)).sum(dim=1))


def _slope(layer):
    return layer.negative_slope if isinstance(layer, nn.LeakyReLU) else 0.0
