"""The history of a training as TensorBoard events."""

from imsforge.errors import ConfigError


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
