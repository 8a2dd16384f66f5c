"""Networks that tell healthy rows from made-up ones, several trained side by side.

Members differ in their seed and, where folds are left out, in their rows. Their weights lie side by
side in one stack, as those of GANs do, so that one batched product serves all; a network that is
trained on a fold's rows never meets those of another.
"""

import copy
from dataclasses import dataclass
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch
from sklearn.base import clone
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_consistent_length
from torch import nn

from imsforge.anomaly.base import Detector
from imsforge.anomaly.negatives import Healthy, batches_ahead, make_negatives
from imsforge.gan.closed_form import ClosedFormCritics
from imsforge.gan.networks import ConditionalNetwork
from imsforge.gan.settings import GANSettings
from imsforge.gan.stack import Stack
from imsforge.gan.state import Adam
from imsforge.seeding import derive_seed

#: Networks of GANs are conditional; here all rows are of one class.
_N_CLASSES = 1


@dataclass
class Member:
    """A network to be trained.

    Attributes
    ----------
    healthy : Healthy, shared by members of the same rows
    network : ConditionalNetwork of one class
    source : torch.Generator of its own
    """

    healthy: Healthy
    network: ConditionalNetwork
    source: torch.Generator

    @classmethod
    def create(cls, healthy, hidden, seed):
        """Return an untrained member with hidden layers of so many units."""
        widths = [f"linear {width}, leaky" for width in hidden]
        layers = ", ".join([*widths, "linear out"])
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            network = ConditionalNetwork(layers, healthy.rows.shape[1], 1, _N_CLASSES)
        # Flat at first: a penalty on slopes would hold on to the direction of a random one.
        for values in network.body[-1].parameters():
            nn.init.zeros_(values)
        source = torch.Generator().manual_seed(derive_seed(seed, "batches"))
        return cls(healthy, network, source)

    def batches(self, kinds, n_batches, n_rows):
        """Draw healthy rows, negatives, and where between them the slope is penalised."""
        shape = n_batches, n_rows
        real = self.healthy.draw(shape, self.source)
        fake = make_negatives(self.healthy, kinds, shape, self.source)
        return real, fake, torch.rand((*shape, 1), generator=self.source)


@torch.no_grad()
def train(members, kinds, settings):
    """Train members side by side: Adam, with a rate that falls evenly to zero.

    Parameters
    ----------
    members : list of Member
        Rows of equally many features, networks of equal shape.
    kinds : sequence of functions of `imsforge.anomaly.negatives`
    settings : GANSettings
        Of which ``kind`` decides the loss.

    Returns
    -------
    list of ConditionalNetwork, in float64; higher for what looks healthy
    """
    stack = Stack([member.network for member in members])
    critics = ClosedFormCritics(stack, settings)
    adam = Adam(stack, settings.learning_rate, settings.betas)
    n_rows, n_features = settings.batch_size, members[0].healthy.rows.shape[1]
    labels = torch.ones((len(members), n_rows, _N_CLASSES))
    ahead = batches_ahead(n_rows, n_features)
    for start in range(0, settings.updates, ahead):
        n_batches = min(ahead, settings.updates - start)
        drawn = [member.batches(kinds, n_batches, n_rows) for member in members]
        real, fake, weight = (torch.stack(parts, dim=1) for parts in zip(*drawn, strict=True))
        for step in range(n_batches):
            adam.rate.fill_(settings.learning_rate * (1 - (start + step) / settings.updates))
            critics.gradients(real[step], fake[step], labels, weight[step])
            adam.step()
    # A copy, since the weights of all members share one buffer.
    return [copy.deepcopy(network).double() for network in stack.networks]


class DiscriminatorEnsemble(Detector):
    """Networks that tell healthy rows from made-up ones; see `imsforge.anomaly.discriminators`.

    A subclass names its ``negatives`` and its ``loss`` (a kind of GAN).

    Attributes
    ----------
    networks_ : list of torch modules, one a member
    mean_, deviation_ : (members,) float64 arrays
        Of each member's scores of healthy rows: the scale of a network's score is arbitrary.
    """

    negatives: ClassVar[tuple]
    loss: ClassVar[str]

    _parameter_constraints: ClassVar[dict] = {
        "members": [Interval(Integral, 1, None, closed="left")],
        "members_per_fold": [Interval(Integral, 1, None, closed="left")],
        "hidden": ["array-like"],
        "updates": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 5, None, closed="left")],  # one of each kind at least
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
    }

    def fit_folds(self, X, fold):
        """Fit a detector for each fold on the rows of all others, all in one training.

        Parameters
        ----------
        X : (n_rows, n_features) array
        fold : (n_rows,) int array, from 0, none of them empty

        Returns
        -------
        list of detectors of ``members_per_fold`` members, one a fold
        """
        X = check_array(X, dtype=None)
        check_consistent_length(X, fold)
        fold = np.asarray(fold)
        left_out = range(fold.max() + 1)
        detectors = [clone(self).set_params(members=self.members_per_fold) for _ in left_out]
        scaled = [
            Healthy.of(detector._fit_scaler(X[fold != k])) for k, detector in enumerate(detectors)
        ]
        self._fit_together(detectors, scaled)
        for k, detector in enumerate(detectors):
            detector._fit_offset(X[fold != k])
        return detectors

    def _learn(self, X):
        self._fit_together([self], [Healthy.of(X)])

    def _fit_together(self, detectors, scaled):
        """Train the members of all detectors, each on the rows of its detector."""
        self._validate_params()
        n_members = detectors[0].members
        source = np.random.default_rng(self.random_state)
        seeds = source.integers(2**63, size=(len(detectors), n_members)).tolist()
        members = [
            Member.create(healthy, self.hidden, seed)
            for healthy, own in zip(scaled, seeds, strict=True)
            for seed in own
        ]
        networks = train(members, self.negatives, self._settings())
        for k, (detector, healthy) in enumerate(zip(detectors, scaled, strict=True)):
            detector.networks_ = networks[k * n_members : (k + 1) * n_members]
            scores = detector._member_scores(healthy.rows.double())
            detector.mean_ = scores.mean(axis=1)
            deviation = scores.std(axis=1)
            detector.deviation_ = np.where(deviation > 0, deviation, 1.0)

    def _settings(self):
        return GANSettings(
            kind=self.loss,
            batch_size=int(self.batch_size),
            updates=int(self.updates),
            learning_rate=float(self.learning_rate),
            betas=(0.9, 0.999),
        )

    @torch.no_grad()
    def _member_scores(self, rows):
        """Return minus what each network makes of rows, (members, n_rows)."""
        codes = torch.zeros(len(rows), dtype=torch.long)
        return np.stack([-network(rows, codes).squeeze(1).numpy() for network in self.networks_])

    def _score(self, X):
        scores = self._member_scores(torch.from_numpy(X))
        return ((scores - self.mean_[:, None]) / self.deviation_[:, None]).mean(axis=0)
