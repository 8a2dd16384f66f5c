"""How much the generated spectra of a method look like real ones, one number a row."""

import numpy as np
import pandas as pd

from imsforge.errors import DataError
from imsforge.fidelity.discrepancy import squared_mmd
from imsforge.fidelity.ions import (
    correlation_error,
    total_ion_current_distance,
    zero_share_error,
)
from imsforge.fidelity.membership import LEAST_OTHERS, attack, membership_auc, membership_tpr
from imsforge.fidelity.neighbours import LEAST_ROWS, authenticity, copying, manifold_scores
from imsforge.fidelity.pairs import draw_pairs
from imsforge.fidelity.two_sample import forest_auc, linear_auc, without_repeats

#: Columns of every ``fidelity.csv``.
FIDELITY_COLUMNS = ["method", "repeat", "class", "metric", "value"]

#: Stands in the column ``class`` for all classes together.
ALL_CLASSES = "all"

#: Most real and as many generated spectra of a class: neighbours cost their square.
CLASS_LIMIT = 1000

#: Most real and as many generated spectra that classifiers tell apart, over all classes.
CLASSIFIER_LIMIT = 1500

#: Spectra of a class that a correlation, a search for copies or an attack takes to say anything.
ENOUGH = 20

#: Pairs that an area under a curve takes: of fewer, chance alone makes it 0.1 more or less.
LEAST_PAIRS = 100


def assess_fidelity(features, resampled, *, identity, test_is_alike=True, seed=0):
    """Compare the spectra that replace the training set with real ones.

    Parameters
    ----------
    features : Features, scaled
    resampled : Resampled, with the task "replace"
    identity : dict
        The columns method and repeat of the result.
    test_is_alike : bool
        Whether test spectra come from the same places as training spectra, as of a random split,
        so that they can stand for spectra that were not trained on where none are reserved.
    seed : int

    Returns
    -------
    DataFrame with `FIDELITY_COLUMNS`
        A class with too few test or generated spectra for a metric has no row of it.

    Raises
    ------
    DataError
        If no class is both generated and tested.
    """
    made = resampled.tasks["replace"]
    test_X, test_y = features.test_set
    if not np.isin(test_y, made["label"]).any():
        raise DataError("none of the classes that were generated has test pixels; see the split")
    random = np.random.default_rng(seed)
    pairs = draw_pairs(
        test_X, test_y, made["values"], made["label"], limit=CLASS_LIMIT, random=random
    )
    scores = pd.concat(
        [
            two_sample_scores(pairs, random),
            neighbour_scores(pairs, features.training_set, features.test_set),
            ion_scores(pairs.mapped(features.to_spectra)),
            membership_scores(
                features.training_set,
                outside_training(features, test_is_alike),
                (made["values"], made["label"]),
                random,
            ),
        ]
    )
    names = {label: str(features.names[label - 1]) for label in np.unique(made["label"])}
    scores["class"] = scores["class"].map({**names, ALL_CLASSES: ALL_CLASSES})
    return scores.assign(**identity)[FIDELITY_COLUMNS].reset_index(drop=True)


def two_sample_scores(pairs, random):
    """Score how well classifiers tell generated spectra from real ones.

    Parameters
    ----------
    pairs : Pairs, in the scaled feature space
    random : numpy.random.Generator

    Returns
    -------
    DataFrame with columns class (a label or `ALL_CLASSES`), metric, value
    """
    pairs = without_repeats(pairs)
    pairs = pairs.take(random.permutation(len(pairs.label))[:CLASSIFIER_LIMIT])
    if len(pairs.label) < LEAST_PAIRS:
        return _rows("two_sample_auc", {})
    seed = int(random.integers(2**31))
    whole, by_class = forest_auc(pairs, seed)
    enough = pd.Series(pairs.label).value_counts() >= LEAST_PAIRS
    kept = by_class[enough.reindex(by_class.index)]
    return pd.concat(
        [
            _rows("two_sample_auc", {**kept, ALL_CLASSES: whole}),
            _rows("two_sample_auc_linear", {ALL_CLASSES: linear_auc(pairs, seed)}),
        ]
    )


def neighbour_scores(pairs, train, test):
    """Score how sets lie among each other, spectrum by spectrum, by class and on average.

    Parameters
    ----------
    pairs : Pairs, in the scaled feature space
    train, test : (X, y), of shapes (n_rows, n_features) and (n_rows,)
        The real spectra that the generator learnt from, and others.

    Returns
    -------
    DataFrame with columns class (a label or `ALL_CLASSES`), metric, value
    """
    (train_X, train_y), (test_X, test_y) = train, test
    found = {}
    for label, own in pairs.by_class().items():
        learnt, held_out = train_X[train_y == label], test_X[test_y == label]
        found[label] = {}
        if len(own.label) >= LEAST_ROWS:
            found[label] |= manifold_scores(own.real, own.generated)
        if len(own.label) >= ENOUGH:
            found[label]["mmd"] = squared_mmd(own.real, own.generated)
        if min(len(learnt), len(held_out)) >= ENOUGH:
            found[label]["copying"] = copying(learnt, held_out, own.generated)
        if len(learnt) >= ENOUGH:
            found[label]["authenticity"] = authenticity(learnt, own.generated)
    return _rows_and_means(found)


def outside_training(features, test_is_alike):
    """Return real spectra like those of the training set that no generator learnt from.

    Those in reserve are drawn from the same places as training spectra, whatever the split.

    Parameters
    ----------
    features : Features
    test_is_alike : bool, as in `assess_fidelity`

    Returns
    -------
    X, y : arrays, (n_rows, n_features) and (n_rows,); without rows where there are no such spectra
    """
    reserve = features.reserve_set
    return features.test_set if test_is_alike and not len(reserve[1]) else reserve


def membership_scores(train, outside, generated, random):
    """Score how well the training spectra are known by the generated ones, by class and on average.

    Parameters
    ----------
    train, outside, generated : (X, y), of shapes (n_rows, n_features) and (n_rows,)
        What the generator learnt from, other real spectra from the same places, and all that is
        given away.
    random : numpy.random.Generator

    Returns
    -------
    DataFrame with columns class (a label or `ALL_CLASSES`), metric, value
    """
    found = {}
    for label in np.unique(generated[1]):
        sets = [X[y == label] for X, y in (train, outside, generated)]
        if min(map(len, sets[:2])) < ENOUGH:
            continue
        members, others = attack(*sets, random)
        found[int(label)] = {"membership_auc": membership_auc(members, others)}
        if len(others) >= LEAST_OTHERS:
            found[int(label)]["membership_tpr"] = membership_tpr(members, others)
    return _rows_and_means(found)


def ion_scores(pairs):
    """Score correlations, total ion currents and missing ions, by class and over all.

    Parameters
    ----------
    pairs : Pairs of spectra, in the units of ``peaks.h5``

    Returns
    -------
    DataFrame with columns class (a label or `ALL_CLASSES`), metric, value
        Over all classes correlations and missing ions are those of the pooled spectra.
    """
    classes = pairs.by_class()
    enough = {label: own for label, own in classes.items() if len(own.label) >= ENOUGH}
    currents = pd.Series(_by_class(total_ion_current_distance, classes), dtype=float).dropna()
    return pd.concat(
        [
            _rows(
                "correlation_error", _by_class(correlation_error, {**enough, ALL_CLASSES: pairs})
            ),
            _rows_and_mean("total_ion_current_distance", currents),
            _rows("zero_share_error", _by_class(zero_share_error, {**classes, ALL_CLASSES: pairs})),
        ]
    )


def _by_class(measure, classes):
    return {label: measure(own.real, own.generated) for label, own in classes.items()}


def _rows_and_means(found):
    """Lay out the metrics of each class, a dict of label to dict, and their means over classes."""
    by_metric = pd.DataFrame.from_dict(found, orient="index", dtype=float)
    tables = [_rows_and_mean(metric, own.dropna()) for metric, own in by_metric.items()]
    return pd.concat([_rows("", {}), *tables])


def _rows_and_mean(metric, values):
    """Lay out a metric of each class and its mean over the classes."""
    mean = {ALL_CLASSES: values.mean()} if len(values) else {}
    return _rows(metric, {**values, **mean})


def _rows(metric, values):
    rows = [(label, metric, float(value)) for label, value in values.items()]
    return pd.DataFrame(rows, columns=["class", "metric", "value"])
