"""What critics and generators minimise: cross-entropy, Wasserstein, and the gradient penalty.

A `Loss` also knows its own derivatives with respect to the scores, so that a hand-written backward
pass can begin with them. Scores have the shape (..., n): the mean is over the last axis.
"""

import torch
from torch.nn.functional import softplus


class CrossEntropy:
    """The original loss with the non-saturating generator (Goodfellow et al. 2014) on logits.

    Thesis equations 4-2 and 4-3: ``-log sigmoid(real) - log(1 - sigmoid(fake))`` for the
    discriminator, ``-log sigmoid(fake)`` for the generator.
    """

    @staticmethod
    def critic(real, fake):
        """Return the cross-entropy of a discriminator, summed over its two halves."""
        return softplus(-real).mean(-1) + softplus(fake).mean(-1)

    @staticmethod
    def critic_slopes(real, fake):
        """Return the derivatives of `critic` with respect to real and to fake scores."""
        n = real.shape[-1]
        return torch.sigmoid(-real).div_(-n), torch.sigmoid(fake).div_(n)

    @staticmethod
    def generator(fake):
        """Return the non-saturating loss of a generator."""
        return softplus(-fake).mean(-1)

    @staticmethod
    def generator_slopes(fake):
        """Return the derivative of `generator` with respect to the scores."""
        return torch.sigmoid(-fake).div_(-fake.shape[-1])

    @staticmethod
    def reading(scores):
        """Return what a history tells of scores: here probabilities."""
        return scores.sigmoid().mean(-1)


class Wasserstein:
    """The difference of mean scores (Arjovsky et al. 2017)."""

    @staticmethod
    def critic(real, fake):
        """Return the negative Wasserstein estimate of a critic."""
        return fake.mean(-1) - real.mean(-1)

    @staticmethod
    def critic_slopes(real, fake):
        """Return the derivatives of `critic` with respect to real and to fake scores."""
        n = real.shape[-1]
        return torch.full_like(real, -1 / n), torch.full_like(fake, 1 / n)

    @staticmethod
    def generator(fake):
        """Return the loss of a generator under a Wasserstein critic."""
        return -fake.mean(-1)

    @staticmethod
    def generator_slopes(fake):
        """Return the derivative of `generator` with respect to the scores."""
        return torch.full_like(fake, -1 / fake.shape[-1])

    @staticmethod
    def reading(scores):
        """Return what a history tells of scores: their mean."""
        return scores.mean(-1)


#: The loss of each kind of GAN; ``cwgan-gp`` adds the gradient penalty, ``cwgan`` clips weights.
LOSSES = {"cgan": CrossEntropy, "cwgan": Wasserstein, "cwgan-gp": Wasserstein}


def gradient_penalty(critic, real, fake, labels, weight):
    """Return how far the critic's slope is from one between real and generated rows.

    One point on the straight line between each real row and a generated row of the same class;
    the norm is that of each row's own gradient (Gulrajani et al. 2017; thesis equation 4-5).
    Differentiated by autograd: two backward passes through the critic.

    Parameters
    ----------
    critic : callable
        Maps rows (n, n_features) and labels (n,) to scores (n,). A row's score must not depend
        on the other rows.
    real, fake : tensor of shape (n, n_features)
    labels : tensor of shape (n,)
    weight : tensor of shape (n, 1)
        Where between generated (0) and real (1), the same for all features of a row.

    Returns
    -------
    penalty : tensor of shape ()
        The mean of ``(norm - 1)^2``, to be minimised.
    norms : tensor of shape (n,)
        Detached.
    """
    points = torch.lerp(fake, real, weight).requires_grad_()
    (slope,) = torch.autograd.grad(critic(points, labels).sum(), points, create_graph=True)
    norms = torch.linalg.vector_norm(slope, dim=1)
    return ((norms - 1) ** 2).mean(), norms.detach()


def critic_readings(settings, scores):
    """Return what a history tells of a critic's updates.

    Parameters
    ----------
    settings : GANSettings
    scores : dict of str to tensor of shape (..., n)
        ``real`` and ``fake`` scores, and with a penalty ``norms``.

    Returns
    -------
    dict of str to tensor of shape (...)
    """
    loss = LOSSES[settings.kind]
    readings = {
        "critic_loss": loss.critic(scores["real"], scores["fake"]),
        "critic_real": loss.reading(scores["real"]),
        "critic_fake": loss.reading(scores["fake"]),
    }
    if "norms" in scores:
        penalty = ((scores["norms"] - 1) ** 2).mean(-1)
        readings["critic_loss"] += settings.penalty_weight * penalty
        readings |= {"gradient_norm": scores["norms"].mean(-1), "gradient_penalty": penalty}
    return readings
