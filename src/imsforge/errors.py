"""Errors that a user can mend: one line with the file, the place in it and the way out."""


class ImsforgeError(Exception):
    """Base of every error whose message is meant for the user, without a traceback."""

    def __str__(self):
        """Return the message in one line, whatever it quotes: names in a file may hold breaks."""
        return " ".join(super().__str__().splitlines())


class ConfigError(ImsforgeError):
    """A key of the configuration is unknown, of the wrong type or impossible."""


class IngestError(ImsforgeError):
    """A measurement cannot be read, or reading it would falsify results."""


class DataError(ImsforgeError):
    """An intermediate artifact is damaged or does not fit what a stage asks of it."""


class DamagedError(DataError):
    """An artifact cannot be read, or is not what its name says.

    Attributes
    ----------
    path : path of the artifact; a stage removes it, so that the next run makes it anew
    """

    def __init__(self, path, reason):
        super().__init__(f"{path}: damaged ({reason}); delete it and run the workflow again")
        self.path = path
        self.reason = reason


class OutputError(ImsforgeError):
    """A result cannot be written."""


def damaged(path, error):
    """Return the error for an artifact that a library could not read."""
    return DamagedError(path, " ".join(str(error).split()))
