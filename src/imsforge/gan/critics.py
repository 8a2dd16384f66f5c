"""Gradients of critics of any layers, by autograd."""

import torch

from imsforge.gan.closed_form import PIECEWISE_LINEAR, ClosedFormCritics
from imsforge.gan.losses import LOSSES, gradient_penalty
from imsforge.gan.networks import is_made_of


def batched_critics(stack, settings):
    """Return what differentiates the critics of a stack, the faster kind where it applies."""
    fits = is_made_of(stack.networks[0], *PIECEWISE_LINEAR)
    return (ClosedFormCritics if fits else AutogradCritics)(stack, settings)


class AutogradCritics:
    """The critics of a stack, one run after the other; interface of `ClosedFormCritics`.

    Real and generated rows go through a critic separately, as one with BatchNorm needs it.
    """

    def __init__(self, stack, settings):
        self.stack = stack
        self.settings = settings
        self.loss = LOSSES[settings.kind]

    @torch.enable_grad()
    def gradients(self, real, fake, labels, weight):
        """Write the gradients of the critics' loss on one batch into the stack."""
        self.stack.gradients.zero_()
        codes = labels.argmax(dim=-1)
        runs = zip(self.stack.networks, real, fake, codes, weight, strict=True)
        found = [self._gradients(*run) for run in runs]
        return {name: torch.stack([run[name] for run in found]) for name in found[0]}

    def _gradients(self, critic, real, fake, labels, weight):
        real_scores, fake_scores = critic(real, labels), critic(fake, labels)
        loss = self.loss.critic(real_scores, fake_scores)
        found = {"real": real_scores.detach(), "fake": fake_scores.detach()}
        if self.settings.kind == "cwgan-gp":
            penalty, found["norms"] = gradient_penalty(critic, real, fake, labels, weight)
            loss = loss + self.settings.penalty_weight * penalty
        loss.backward()
        return found

    @torch.enable_grad()
    def generator_gradients(self, fake, labels):
        """Return the generators' loss, (n_runs,), and its derivative by the generated rows."""
        rows = fake.detach().requires_grad_()
        runs = zip(self.stack.networks, rows, labels.argmax(dim=-1), strict=True)
        losses = torch.stack([self.loss.generator(critic(*run)) for critic, *run in runs])
        (slopes,) = torch.autograd.grad(losses.sum(), rows)
        return losses.detach(), slopes
