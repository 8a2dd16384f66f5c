"""What a training shows while it runs: running means, a bar, and TensorBoard events."""

from tqdm import tqdm

from imsforge.errors import ConfigError

SHOWN = ("critic_loss", "generator_loss", "frechet")


class Means:
    """Running means of several runs that stay on the device until they are read."""

    def __init__(self):
        self._sums, self._counts = {}, {}

    def add(self, readings):
        """Add tensors of shape (n_runs, n_values), by name."""
        for name, values in readings.items():
            self._sums[name] = self._sums.get(name, 0.0) + values.sum(dim=1)
            self._counts[name] = self._counts.get(name, 0) + values.shape[1]

    def read(self):
        """Return the means by name, a dict for each run, and begin anew."""
        means = {name: (total / self._counts[name]).tolist() for name, total in self._sums.items()}
        self._sums, self._counts = {}, {}
        return [
            dict(zip(means, values, strict=True)) for values in zip(*means.values(), strict=True)
        ]


class Progress:
    """A bar over the updates of a `TrainingState`: losses, Fréchet distance, time left."""

    def __init__(self, state):
        self._state = state
        self._bar = tqdm(
            total=state.settings.updates,
            initial=state.update,
            desc=state.settings.kind,
            unit="update",
            disable=None,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._bar.close()

    def update(self, n):
        """Move the bar by so many updates."""
        self._bar.update(n)

    def show(self):
        """Show the last row of the histories, the mean of all runs."""
        rows = [history[-1] for history in self._state.histories if history]
        shown = {
            name: sum(row[name] for row in rows) / len(rows)
            for name in SHOWN
            if all(name in row for row in rows)
        }
        self._bar.set_postfix(shown)


class TensorBoard:
    """An observer of a training that writes each row of its history as events.

    Parameters
    ----------
    folder : path
        To be shown by ``tensorboard --logdir``.

    Raises
    ------
    ConfigError
        If the package tensorboard, which imsforge does not require, is not installed.
    """

    def __init__(self, folder):
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ConfigError(
                "tensorboard: this option needs the package tensorboard, which is not installed; "
                "`pip install tensorboard`, or leave the option out"
            ) from error
        self._writer = SummaryWriter(str(folder))

    def __call__(self, row):
        """Write the numbers of a row of the history at its update."""
        for name, value in row.items():
            if name != "update":
                self._writer.add_scalar(_group(name), value, row["update"])
        self._writer.flush()


def _group(name):
    """Return the name of a curve; those before the slash share a page."""
    return name.replace("_", "/", 1)
