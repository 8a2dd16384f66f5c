"""Errors that a user can mend: one line with the file, the place in it and the way out."""


class ImsforgeError(Exception):
    """Base of every error whose message is meant for the user, without a traceback."""


class ConfigError(ImsforgeError):
    """A key of the configuration is unknown, of the wrong type or impossible."""


class IngestError(ImsforgeError):
    """A measurement cannot be read, or reading it would falsify results."""


class DataError(ImsforgeError):
    """An intermediate artifact is damaged or does not fit what a stage asks of it."""


class OutputError(ImsforgeError):
    """A result cannot be written."""
