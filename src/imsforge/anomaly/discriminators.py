"""Discriminators between healthy rows and made-up ones: anomaly maps by networks that are steady.

A critic that is trained against a generator says how real a row looks where the generator puts
rows; elsewhere not even its sign is defined, and it flips from seed to seed. Both detectors here
keep the critic, and replace the generator by negatives that surround the healthy rows on purpose.
"""

from dataclasses import replace
from numbers import Real

import numpy as np
from sklearn.covariance import ledoit_wolf
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import Interval

from imsforge.anomaly.ensemble import DiscriminatorEnsemble
from imsforge.anomaly.negatives import (
    ball,
    partly_permuted,
    permuted,
    single,
    stretched,
    wide,
)

#: Smallest variance, as a share of the mean, that a direction is scaled by.
_FLOOR = 1e-9


class Whitening:
    """Rows along the principal components of healthy rows, each of unit variance.

    The covariance is that of standardised features, shrunk as Ledoit and Wolf (2004) say: so it has
    an inverse where there are fewer rows than features, or constant features.
    """

    def fit(self, X):
        """Learn from rows (n_rows, n_features)."""
        self.standard_ = StandardScaler().fit(X)
        covariance, _ = ledoit_wolf(self.standard_.transform(X), assume_centered=True)
        variances, directions = np.linalg.eigh(covariance)
        least = _FLOOR * variances.mean()
        deviations = np.sqrt(np.maximum(variances, least)) if least > 0 else np.ones(len(variances))
        self.projection_ = np.ascontiguousarray((directions / deviations)[:, ::-1])
        return self

    def transform(self, X):
        """Whiten rows (n_rows, n_features)."""
        return self.standard_.transform(X) @ self.projection_


class Discriminator(DiscriminatorEnsemble):
    """How far a row is from healthy ones, as Wasserstein critics learn it.

    The critics of a WGAN-GP (Gulrajani et al. 2017) on whitened rows, whose negatives lie all
    around: noise on every feature, few features moved, rows carried on along the difference of two
    others, and random directions. Slopes of one make of a critic a distance, which rises wherever
    negatives lie.

    Parameters
    ----------
    members : int, default=5
        Critics that `fit` trains, which differ in their seed; the score is their mean.
    members_per_fold : int, default=1
        Critics that `fit_folds` trains for each fold; the mean over folds is an ensemble already.
    hidden : sequence of int, default=(64, 64)
        Widths of the hidden layers, leaky ReLU.
    updates : int, default=500
    batch_size : int, default=128
        Healthy rows an update sees, and as many negatives.
    learning_rate : float, default=2e-3
        Of Adam, at the start; it falls evenly to zero.
    penalty_weight : float, default=10
        Weight of the gradient penalty.
    random_state : int, RandomState instance or None, default=None
        The same int gives the same scores.

    Attributes
    ----------
    scaler_ : Whitening
    networks_ : list of torch modules, one a member
    mean_, deviation_ : (members,) float64 arrays
        Of each member's scores of healthy rows, by which they are standardised.
    """

    negatives = (wide, single, stretched, ball)
    loss = "cwgan-gp"

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **DiscriminatorEnsemble._parameter_constraints,
        "penalty_weight": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        members=5,
        members_per_fold=1,
        hidden=(64, 64),
        updates=500,
        batch_size=128,
        learning_rate=2e-3,
        penalty_weight=10.0,
        random_state=None,
    ):
        self.members = members
        self.members_per_fold = members_per_fold
        self.hidden = hidden
        self.updates = updates
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.penalty_weight = penalty_weight
        self.random_state = random_state

    def _scaler(self):
        return Whitening()

    def _settings(self):
        return replace(super()._settings(), penalty_weight=float(self.penalty_weight))


class LocalDiscriminator(DiscriminatorEnsemble):
    """How much likelier a row is among negatives than among healthy rows.

    Discriminators with cross-entropy on standardised features, and negatives near the healthy rows:
    features exchanged between rows, all or some of them, beside the kinds that move rows. What they
    learn is a ratio of densities, more sensitive than a distance close to healthy rows. It
    presumes that all rows fitted on are healthy, and promises nothing far from all negatives.

    Parameters
    ----------
    members, members_per_fold, hidden, learning_rate, random_state :
        As in `Discriminator`.
    updates : int, default=1000
    batch_size : int, default=64

    Attributes
    ----------
    scaler_ : StandardScaler
    networks_, mean_, deviation_ :
        As in `Discriminator`.
    """

    negatives = (permuted, partly_permuted, single, stretched, ball)
    loss = "cgan"

    def __init__(
        self,
        members=5,
        members_per_fold=1,
        hidden=(64, 64),
        updates=1000,
        batch_size=64,
        learning_rate=2e-3,
        random_state=None,
    ):
        self.members = members
        self.members_per_fold = members_per_fold
        self.hidden = hidden
        self.updates = updates
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state
