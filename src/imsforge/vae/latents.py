"""The latent numbers of each class, and how new ones are drawn."""

import math

import torch

#: Spectra of a class that weigh as much as what all classes have in common.
SHRINKAGE = 20


class ClassLatents:
    """The latent numbers of each class, from which new ones are drawn.

    A draw is made of two encoded training rows of its class, with what the encoder leaves
    uncertain of each: their distances from the mean of the class, each divided by the square root
    of two, add up. So mean and covariance remain those of the class, and a draw lies near neither
    row. Or, the more often the smaller the class, it comes from a Gaussian with the mean of the
    class and a covariance that borrows from all classes: with n rows, one draw in
    ``1 + n / SHRINKAGE``.

    Parameters
    ----------
    mean, log_variance : (n_rows, latent_size) tensors, what the encoder says of training rows
    codes : (n_rows,) int64 tensor of class codes
    n_classes : int
    """

    def __init__(self, mean, log_variance, codes, n_classes):
        self.mean, self.log_variance, self.codes = mean, log_variance, codes
        self._members = [torch.nonzero(codes == code).flatten() for code in range(n_classes)]
        self._gaussians = _gaussians(mean, log_variance, self._members)

    def draw(self, code, n, source):
        """Draw latent numbers of a class.

        Parameters
        ----------
        code : int
        n : int
        source : torch.Generator

        Returns
        -------
        (n, latent_size) tensor
        """
        members, (centre, root) = self._members[code], self._gaussians[code]
        one, other = (self._near_a_row(members, n, source) for _ in range(2))
        of_two = centre + math.sqrt(0.5) * (one - centre + other - centre)
        anywhere = centre + torch.randn(n, self.mean.shape[1], generator=source) @ root.T
        own = len(members) / (len(members) + SHRINKAGE)
        choice = torch.rand(n, 1, generator=source) < own
        return torch.where(choice, of_two, anywhere)

    def _near_a_row(self, members, n, source):
        """Draw from what the encoder makes of rows, ``members`` being the choice of rows."""
        rows = members[torch.randint(len(members), (n,), generator=source)]
        noise = torch.randn(n, self.mean.shape[1], generator=source)
        return self.mean[rows] + noise * (0.5 * self.log_variance[rows]).exp()


def _gaussians(mean, log_variance, members):
    """Return centre and root of the covariance of each class."""
    centres = [mean[rows].mean(dim=0) for rows in members]
    scatters = []
    for rows, centre in zip(members, centres, strict=True):
        centred = mean[rows] - centre
        # A row's own uncertainty is part of the spread of its class.
        within = torch.diag(log_variance[rows].exp().sum(dim=0))
        scatters.append(centred.T @ centred + within)
    pooled = sum(scatters) / len(mean)
    return [
        (
            centre,
            torch.linalg.cholesky((scatter + SHRINKAGE * pooled) / (len(rows) + SHRINKAGE)),
        )
        for rows, centre, scatter in zip(members, centres, scatters, strict=True)
    ]
