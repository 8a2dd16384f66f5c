"""What samplers with trained networks share: settings, a file, drawing by class codes."""

from dataclasses import asdict

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions

from imsforge.oversampling.base import GenerativeSampler


class TrainedSampler(GenerativeSampler):
    """A sampler whose model is trained once, kept in a file, and drawn from.

    A subclass sets ``model_`` in ``_learn``, and reads it from a file in ``_load_model``.

    Parameters
    ----------
    sampling_strategy, random_state
        As in `GenerativeSampler`.
    settings : dict or None, default=None
        Settings of the training that differ from their defaults.
    device : {"auto", "cpu", "cuda"}, default="auto"

    Attributes
    ----------
    model_ : the trained model, with ``history``, the course of its training
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **GenerativeSampler._parameter_constraints,
        "settings": [dict, None],
        "device": [StrOptions({"auto", "cpu", "cuda"})],
    }

    def __init__(
        self, *, sampling_strategy="auto", random_state=None, settings=None, device="auto"
    ):
        super().__init__(sampling_strategy=sampling_strategy, random_state=random_state)
        self.settings = settings
        self.device = device

    def save(self, path):
        """Write the trained networks to a safetensors file."""
        self.model_.save(path)

    @classmethod
    def load(cls, path, *, random_state=None, device="auto"):
        """Return a fitted sampler, with the settings of its training, from a file of `save`.

        Raises
        ------
        DataError
            If the file is damaged, or holds a network of another kind.
        """
        model = cls._load_model(path, device)
        sampler = cls(settings=asdict(model.settings), random_state=random_state, device=device)
        sampler.model_, sampler.classes_ = model, model.classes
        sampler.n_features_in_ = model.n_features
        sampler._random = check_random_state(random_state)
        return sampler

    def _draw(self, n, label):
        code = np.searchsorted(self.classes_, label)
        return self.model_.sample(np.full(n, code), seed=self._random.randint(2**31))
