"""Generators of several runs at once: many batches in one pass, each with its own BatchNorm.

Both kinds map latent numbers (n_runs, n_batches, n, latent_size) and one-hot classes (n_runs,
n_batches, n, n_classes) to rows (n_runs, n_batches, n, n_features), as so many separate passes in
training mode would: BatchNorm sees one batch at a time, and running statistics move once a batch.
"""

import torch
from torch import nn

from imsforge.gan.networks import is_made_of

ACTIVATIONS = (nn.LeakyReLU, nn.ReLU, nn.Tanh)


def batched_generators(stack):
    """Return the generators of a stack as one callable: the faster kind where it applies."""
    fits = is_made_of(stack.networks[0], nn.Linear, nn.BatchNorm1d, *ACTIVATIONS)
    return FullyConnectedGenerators(stack) if fits else ModuleGenerators(stack)


class ModuleGenerators:
    """Generators of any layers, one run and one batch after the other."""

    def __init__(self, stack):
        self.stack = stack

    def __call__(self, z, labels):
        """Generate rows; see the module."""
        codes = labels.argmax(dim=-1)
        return torch.stack(
            [
                torch.stack([network(*batch) for batch in zip(*run, strict=True)])
                for network, *run in zip(self.stack.networks, z, codes, strict=True)
            ]
        )


class FullyConnectedGenerators:
    """Generators of linear layers, BatchNorm and activations, as batched products."""

    def __init__(self, stack):
        self.stack = stack
        # Leaves of autograd that share their numbers and gradients with the stack.
        self._leaves = {}
        for name, values in stack.parameters.items():
            leaf = values.detach().requires_grad_()
            leaf.grad = stack.slopes[name]
            self._leaves[name] = leaf

    def __call__(self, z, labels):
        """Generate rows; see the module."""
        n_runs, n_batches, n = z.shape[:3]
        table = self._leaves["embedding.weight"]
        embedded = torch.bmm(labels.reshape(n_runs, n_batches * n, -1), table)
        values = torch.cat([z.reshape(n_runs, n_batches * n, -1), embedded], dim=2)
        for name, layer in self.stack.networks[0].body.named_children():
            if isinstance(layer, nn.Linear):
                values = self._linear(f"body.{name}", values)
            elif isinstance(layer, nn.BatchNorm1d):
                batches = values.view(n_runs, n_batches, n, -1)
                values = self._norm(f"body.{name}", layer, batches).view_as(values)
            else:
                values = layer(values)
        return values.view(n_runs, n_batches, n, -1)

    def _linear(self, name, values):
        weight = self._leaves[f"{name}.weight"].transpose(1, 2)
        if (bias := self._leaves.get(f"{name}.bias")) is None:
            return torch.bmm(values, weight)
        return torch.baddbmm(bias.unsqueeze(1), values, weight)

    def _norm(self, name, layer, batches):
        mean = batches.mean(dim=2, keepdim=True)
        centred = batches - mean
        variance = centred.square().mean(dim=2, keepdim=True)
        self._remember(name, layer.momentum, mean, variance, batches.shape[2])
        weight, bias = (self._leaves[f"{name}.{key}"][:, None, None] for key in ("weight", "bias"))
        return torch.addcmul(bias, centred, weight * torch.rsqrt(variance + layer.eps))

    @torch.no_grad()
    def _remember(self, name, momentum, mean, variance, n):
        """Move the running statistics through all batches, in their order."""
        n_batches = mean.shape[1]
        ages = torch.arange(n_batches - 1, -1, -1, dtype=mean.dtype, device=mean.device)
        shares = (momentum * (1 - momentum) ** ages).view(1, n_batches, 1)
        unbiased = variance * (n / (n - 1))
        for key, values in (("running_mean", mean), ("running_var", unbiased)):
            kept = self.stack.buffers[f"{name}.{key}"]
            kept.mul_((1 - momentum) ** n_batches).add_((shares * values.squeeze(2)).sum(dim=1))
