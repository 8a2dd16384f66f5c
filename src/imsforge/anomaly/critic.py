"""The critic of a GAN that saw healthy rows alone."""

from numbers import Integral

import numpy as np
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval

from imsforge.anomaly.base import Detector
from imsforge.gan.settings import GANSettings
from imsforge.gan.training import train


class TrainedCritic(Detector):
    """How far below the healthy rows' mean the critic of a trained GAN rates a row.

    Its sign is not defined; see `Critic`.

    Parameters
    ----------
    model : ConditionalGAN of one class
        Rows to fit on and to score are scaled as those that it was trained on; no other scaling is
        done here.

    Attributes
    ----------
    healthy_ : float, the mean rating of the rows fitted on
    """

    def __init__(self, model):
        self.model = model

    def _scaler(self):
        return FunctionTransformer()

    def _learn(self, X):
        self.healthy_ = self._rating(X).mean()

    def _score(self, X):
        return self.healthy_ - self._rating(X)

    def _rating(self, X):
        return self.model.score(X, np.zeros(len(X), dtype=np.int64)).astype(np.float64)


class Critic(Detector):
    """How far below healthy rows' mean the critic of a GAN rates a row; its sign is not defined.

    The anomaly map of van der Linden (2024), appendix B (thesis row V23). A Wasserstein critic
    learns to tell healthy rows from those that its own generator makes, and its loss knows no
    others. Where neither kind lies, as abnormal rows do, it goes on as its weights happen to: it
    may rate them below healthy rows or above them, and that changes with the seed and in the course
    of one training. Its map may show where rows differ, but not which of them are abnormal.

    Parameters
    ----------
    updates : int, default=1000
        Of the critic.
    settings : dict or None, default=None
        Other fields of `imsforge.gan.settings.GANSettings` that differ from their defaults.
    random_state : int, RandomState instance or None, default=None
        The same int gives the same scores.

    Attributes
    ----------
    critic_ : TrainedCritic, fitted, with the trained ``model``
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        "updates": [Interval(Integral, 1, None, closed="left")],
        "settings": [dict, None],
        "random_state": ["random_state"],
    }

    def __init__(self, updates=1000, settings=None, random_state=None):
        self.updates = updates
        self.settings = settings
        self.random_state = random_state

    def _learn(self, X):
        self._validate_params()
        settings = GANSettings.from_dict({"updates": int(self.updates)} | (self.settings or {}))
        seed = int(check_random_state(self.random_state).randint(2**31))
        codes = np.zeros(len(X), dtype=np.int64)
        model = train(X, codes, 1, settings, seed=seed, device="cpu")
        self.critic_ = TrainedCritic(model).fit(X)

    def _score(self, X):
        return self.critic_.anomaly_score(X)
