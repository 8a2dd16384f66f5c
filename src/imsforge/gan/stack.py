"""The same network of several runs, its numbers side by side."""

import torch

#: Numbers that any processor's vector fits into.
VECTOR = 64


class Stack:
    """Networks of equal shape as one: one buffer for all weights, one for all gradients.

    The parameters of the networks become views of the buffers: a network sees every update, a
    product of all runs is one batched product, and one fused Adam serves all.

    Parameters
    ----------
    networks : list of ConditionalNetwork, one a run

    Attributes
    ----------
    values, gradients : tensors of shape (n_runs * n_parameters,), filled up with zeros
    parameters, slopes : dict of name to tensor of shape (n_runs, ...)
        Views of ``values`` and of ``gradients``.
    buffers : dict of name to tensor of shape (n_runs, ...)
        Running means and variances.
    """

    def __init__(self, networks):
        self.networks = list(networks)
        first = self.networks[0]
        some = next(first.parameters())
        n_values = len(self.networks) * sum(p.numel() for p in first.parameters())
        # A processor rounds what is left over from its vectors differently: nothing may be.
        n_values += -n_values % VECTOR
        self.values = torch.zeros(n_values, dtype=some.dtype, device=some.device)
        self.gradients = torch.zeros_like(self.values)
        self.parameters, self.slopes, start = {}, {}, 0
        for name, parameter in first.named_parameters():
            shape = (len(self.networks), *parameter.shape)
            part = slice(start, start + len(self.networks) * parameter.numel())
            self.parameters[name] = self.values[part].view(shape)
            self.slopes[name] = self.gradients[part].view(shape)
            start = part.stop
        self.buffers = {
            name: torch.stack([network.get_buffer(name) for network in self.networks])
            for name, buffer in first.named_buffers()
            if buffer.is_floating_point()
        }
        for run, network in enumerate(self.networks):
            self._take_over(run, network)

    def __len__(self):
        return len(self.networks)

    def _take_over(self, run, network):
        for name, parameter in network.named_parameters():
            self.parameters[name][run] = parameter.detach()
            parameter.data = self.parameters[name][run]
            parameter.grad = self.slopes[name][run]
        for name, values in self.buffers.items():
            owner, _, key = name.rpartition(".")
            setattr(network.get_submodule(owner), key, values[run])

    def follow(self, other, share):
        """Move weights and buffers a share of the way to those of another stack."""
        self.values.lerp_(other.values, share)
        for name, values in self.buffers.items():
            values.lerp_(other.buffers[name], share)
