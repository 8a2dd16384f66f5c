"""Real spectra in place of generated ones: what a perfect generator would make."""

from imsforge.errors import DataError
from imsforge.oversampling.base import GenerativeSampler


class Oracle(GenerativeSampler):
    """Draw real rows that were held back, without replacement: the most a generator can earn.

    Within one draw no row comes twice, so that a draw has at most as many rows as the reserve has
    of the class.

    Parameters
    ----------
    sampling_strategy, random_state
        As in `GenerativeSampler`.
    reserve : (X, y)
        The rows held back, (n_rows, n_features), and their classes, (n_rows,).
    """

    def __init__(self, *, sampling_strategy="auto", random_state=None, reserve=None):
        super().__init__(sampling_strategy=sampling_strategy, random_state=random_state)
        self.reserve = reserve

    def _learn(self, X, y):
        if self.reserve is None or len(self.reserve[0]) == 0:
            raise DataError(
                "oracle: no spectra are held back for it to draw from; set split.reserve_share"
            )
        reserve_X, reserve_y = self.reserve
        self._rows = {label: reserve_X[reserve_y == label] for label in self.classes_}

    def _draw(self, n, label):
        rows = self._rows[label]
        return rows[self._random.permutation(len(rows))[:n]]
