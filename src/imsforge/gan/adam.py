"""Adam over one buffer: one fused operation for all weights of all runs."""

import torch


class Adam:
    """Adam (Kingma & Ba 2015) as `torch.optim.Adam` has it, its state in fixed places.

    An optimiser of torch costs more than its arithmetic where there is one buffer to update.

    Parameters
    ----------
    stack : Stack
    rate : float
    betas : pair of float

    Attributes
    ----------
    rate : tensor of shape ()
        May be changed between steps.
    state : dict of str to tensor
        Number of steps and both moments.
    """

    def __init__(self, stack, rate, betas):
        values = stack.values
        self._values, self._gradients = values, stack.gradients
        self._betas = dict(zip(("beta1", "beta2"), betas, strict=True))
        self.rate = torch.tensor(float(rate), dtype=values.dtype, device=values.device)
        self.state = {
            "step": torch.zeros((), device=values.device),
            "mean": torch.zeros_like(values),
            "square": torch.zeros_like(values),
        }

    def step(self):
        """Update the weights of the stack by its gradients."""
        self.state["step"] += 1
        torch._fused_adam_(
            [self._values],
            [self._gradients],
            [self.state["mean"]],
            [self.state["square"]],
            [],
            [self.state["step"]],
            lr=self.rate,
            **self._betas,
            weight_decay=0.0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )
