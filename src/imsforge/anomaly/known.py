"""What is known of abnormal pixels, and how well maps find it."""

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from imsforge.labels.classes import in_classes


def known_pixels(pixel, truth, labels, classes=None):
    """Return the pixels that are known to be abnormal, by kind.

    Parameters
    ----------
    pixel : (n,) int array, rows of the measurement
    truth : dict of (n_pixels,) bool arrays by kind, of all pixels of the measurement
    labels : Labels, of all pixels
    classes : name, list of names, or None
        Classes of ``labels`` that are kinds of their own.

    Returns
    -------
    dict of (n,) bool arrays

    Raises
    ------
    DataError
        If a class is unknown.
    """
    names = [] if classes is None else classes if isinstance(classes, list) else [classes]
    kinds = {str(name): in_classes(labels, name, "known.classes") for name in names}
    return {kind: mask[pixel] for kind, mask in {**truth, **kinds}.items()}


def compare_with_known(scores, known):
    """Compare all detectors with what is known, on pixels outside the healthy mask.

    Where everything else lies in the mask, its pixels are what abnormal ones are compared with: the
    detectors that score them did not learn from them (but for the thesis' critic).

    Parameters
    ----------
    scores : AnomalyScores
    known : dict of (n,) bool arrays, the kinds of abnormal pixels

    Returns
    -------
    dict
        ``{detector: {kind: figures}}``, as of `_detection`; for each kind the pixels of the other
        kinds are left out, and with several, ``any`` takes all together. Empty without kinds.
    """
    if not known:
        return {}
    abnormal = np.logical_or.reduce(list(known.values()))
    kinds = {**known, "any": abnormal} if len(known) > 1 else known
    outside = ~scores.healthy
    if not (outside & scores.tissue & ~abnormal).any():
        outside = np.ones_like(outside)
    return {
        str(name): {
            kind: _detection(scores, k, mask, outside & (mask | ~abnormal))
            for kind, mask in kinds.items()
        }
        for k, name in enumerate(scores.detectors)
    }


def _detection(scores, detector, known, compared):
    """Return what a detector finds of a kind, of the pixels that are compared.

    Areas are of pixels on the tissue, and None where there is nothing to tell apart. Recall counts
    what lies off the tissue as missed: ``off_tissue`` says how much that is. ``beside`` is how many
    other pixels of tissue they are told from: of few, figures mean little.
    """
    called = scores.abnormal(detector)[compared]
    tissue, known = scores.tissue[compared], known[compared]
    found = int(np.count_nonzero(called & known))
    of, score = known[tissue], scores.score[compared, detector][tissue]
    told = of.any() and not of.all()
    return {
        "auroc": float(roc_auc_score(of, score)) if told else None,
        "average_precision": float(average_precision_score(of, score)) if told else None,
        "recall": found / known.sum() if known.any() else None,
        "precision": found / called.sum() if called.any() else None,
        "pixels": int(known.sum()),
        "beside": int(np.count_nonzero(~of)),
        "off_tissue": int(np.count_nonzero(known & ~tissue)),
    }
