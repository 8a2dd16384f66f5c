"""What critics and generators minimise: cross-entropy, Wasserstein, and the gradient penalty."""

import torch
from torch.nn.functional import softplus


def cross_entropy_critic_loss(real_logits, fake_logits):
    """Return the binary cross-entropy of a discriminator, summed over its two halves.

    Goodfellow et al. 2014 (thesis equation 4-2) on logits: ``-log sigmoid(real)`` and
    ``-log(1 - sigmoid(fake))``, each averaged over its rows.
    """
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()


def cross_entropy_generator_loss(fake_logits):
    """Return the non-saturating loss of a generator, ``-log sigmoid(fake)`` (equation 4-3)."""
    return softplus(-fake_logits).mean()


def wasserstein_critic_loss(real_scores, fake_scores):
    """Return the negative Wasserstein estimate of a critic (Arjovsky et al. 2017)."""
    return fake_scores.mean() - real_scores.mean()


def wasserstein_generator_loss(fake_scores):
    """Return the loss of a generator under a Wasserstein critic."""
    return -fake_scores.mean()


def gradient_penalty(critic, real, fake, labels):
    """Return how far the critic's slope is from one between real and generated rows.

    One random point on the straight line between each real row and a generated row of the same
    class; the norm is that of each row's own gradient (Gulrajani et al. 2017; thesis equation
    4-5).

    Parameters
    ----------
    critic : callable
        Maps rows (n, n_features) and labels (n,) to scores (n,). A row's score must not depend
        on the other rows.
    real, fake : tensor of shape (n, n_features)
    labels : tensor of shape (n,)

    Returns
    -------
    penalty, norm : tensors of shape ()
        The mean of ``(norm - 1)^2``, to be minimised, and the mean norm, detached.
    """
    # One weight a row: the shape (n, 1) keeps a row's features on one line.
    weight = torch.rand(len(real), 1, dtype=real.dtype, device=real.device)
    points = torch.lerp(fake, real, weight).requires_grad_()
    (slope,) = torch.autograd.grad(critic(points, labels).sum(), points, create_graph=True)
    norms = torch.linalg.vector_norm(slope, dim=1)
    return ((norms - 1) ** 2).mean(), norms.detach().mean()
