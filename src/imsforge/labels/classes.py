"""Classes and samples that a configuration calls by their names."""

import numpy as np

from imsforge.errors import DataError


def in_classes(labels, classes, key):
    """Return which pixels are of the classes that are meant.

    Parameters
    ----------
    labels : Labels
    classes : name, or list of names
    key : str, where the configuration names them, for messages

    Returns
    -------
    (n_pixels,) bool array

    Raises
    ------
    DataError
        If a class is unknown.
    """
    return np.isin(labels.label - 1, indices_of(classes, labels.names, "class", key))


def indices_of(wanted, names, kind, key):
    """Return where one name or several stand among all.

    Parameters
    ----------
    wanted : name, or list of names
    names : (n,) str array
    kind, key : str, what is named, and where the configuration does so, for messages

    Returns
    -------
    list of int

    Raises
    ------
    DataError
        If a name is unknown.
    """
    wanted = [str(name) for name in (wanted if isinstance(wanted, list) else [wanted])]
    index = {str(name): k for k, name in enumerate(names)}
    unknown = [name for name in wanted if name not in index]
    if unknown:
        raise DataError(f"{key}: no {kind} '{unknown[0]}'; known: {', '.join(index)}")
    return [index[name] for name in wanted]
