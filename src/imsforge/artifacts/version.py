"""The version of the file formats that docs/format.md specifies."""

from imsforge.errors import DamagedError, DataError

#: Raised when a file of before would be misread; a new array that may be missing is no reason.
FORMAT_VERSION = 1


def check_version(path, version):
    """Refuse a file that this version of imsforge may misread.

    Parameters
    ----------
    path : path, for the message
    version : int or None, as the file has it

    Raises
    ------
    DataError
        If the file is newer. It is left alone.
    DamagedError
        If the file tells no version that there ever was.
    """
    if version is None or version < 1:
        raise DamagedError(path, "tells no format version")
    if version > FORMAT_VERSION:
        raise DataError(
            f"{path}: has format version {version}, this imsforge reads up to {FORMAT_VERSION}; "
            "update imsforge, or let the workflow make the file anew"
        )
