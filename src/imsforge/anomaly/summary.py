"""What an anomaly map says, in numbers and in plain words."""

import logging

import numpy as np
import pandas as pd

from imsforge.anomaly.known import compare_with_known
from imsforge.anomaly.registry import CRITIC, DETECTORS
from imsforge.anomaly.views import VIEWS

logger = logging.getLogger(__name__)

#: Rank correlation of the leading detector with the others, below which they disagree.
AGREEMENT = 0.5

#: Share of the healthy pixels off the tissue, above which the mask is doubtful.
OFF_TISSUE = 0.05

#: Healthy pixels a fitted feature, below which thresholds are too cautious: components follow
#: single spectra, and those of the mask, held out or not, vary more along them than others do.
PIXELS_PER_FEATURE = 10

#: What a stated false-alarm rate holds for.
CAVEAT = (
    "The false-alarm rate is stated for tissue like the mask's; healthy tissue of other kinds may "
    "be called abnormal more often."
)


def summarize(scores, known, *, view, rate, components=None):
    """Say how a map came about, what its detectors find, and what to beware of.

    Parameters
    ----------
    scores : AnomalyScores
    known : dict of (n,) bool arrays, kinds of pixels known to be abnormal; may be empty
    view : a key of `imsforge.anomaly.views.VIEWS`
    rate : float, the stated false-alarm rate
    components : (n_features, n_peaks) array, fitted on the healthy pixels; None where the features
        are the spectra

    Returns
    -------
    dict
        ``pixels``, ``healthy``, ``train``, ``off_tissue`` and ``outside`` (on the tissue, outside
        the mask) are numbers of pixels; ``false_alarm_rate``, ``view``; ``detectors``, in their
        order, each with ``threshold``, ``abnormal`` pixels outside the mask and their ``share``,
        ``false_alarms``, the share of the healthy pixels on the tissue above the threshold, and
        what it ``assumes``; ``agreement``, see `rank_correlations`; ``leading_agreement``, the
        leading detector's rank correlation with the median of the others; ``detection``, see
        `imsforge.anomaly.known.compare_with_known`; ``warnings``, also logged.
    """
    outside = scores.tissue & ~scores.healthy
    correlations, leading = rank_correlations(scores)
    summary = {
        "pixels": len(scores.x),
        "healthy": int(scores.healthy.sum()),
        "train": int(scores.train.sum()),
        "off_tissue": int((~scores.tissue).sum()),
        "outside": int(outside.sum()),
        "false_alarm_rate": rate,
        "view": VIEWS[view],
        "detectors": [_detector(scores, k, outside) for k in range(len(scores.detectors))],
        "agreement": correlations,
        "leading_agreement": leading,
        "detection": compare_with_known(scores, known),
        "caveat": CAVEAT,
    }
    summary["warnings"] = [*_warnings(scores, known, leading), *_few(scores, view, components)]
    for warning in summary["warnings"]:
        logger.warning("%s", warning)
    return summary


def rank_correlations(scores):
    """Return how alike detectors rank the pixels on the tissue (Spearman).

    Parameters
    ----------
    scores : AnomalyScores

    Returns
    -------
    dict
        ``{detector: {detector: correlation}}``, None where one of them calls all pixels alike.
    float or None
        The correlation of the leading detector with the median of the others' ranks; None for a
        single one.
    """
    table = pd.DataFrame(scores.score[scores.tissue], columns=scores.detectors.astype(str))
    ranks = table.rank()
    between = _correlations(ranks)
    first, *others = ranks.columns
    median = ranks[others].median(axis=1).rank()
    leading = _correlations(pd.DataFrame({"first": ranks[first], "others": median}))
    return between, leading["first"]["others"] if others else None


def _correlations(ranks):
    found = ranks.corr()
    return {
        one: {other: None if np.isnan(value) else float(value) for other, value in row.items()}
        for one, row in found.to_dict().items()
    }


def _detector(scores, k, outside):
    name, abnormal = str(scores.detectors[k]), scores.abnormal(k)
    healthy = scores.healthy & scores.tissue
    found = int(np.count_nonzero(abnormal & outside))
    return {
        "name": name,
        "threshold": float(scores.threshold[k]),
        "abnormal": found,
        "share": found / max(1, np.count_nonzero(outside)),
        "false_alarms": np.count_nonzero(abnormal & healthy) / max(1, np.count_nonzero(healthy)),
        "assumes": DETECTORS[name].assumes,
    }


def _warnings(scores, known, agreement):
    names = [str(name) for name in scores.detectors]
    healthy = np.count_nonzero(scores.healthy)
    lost = np.count_nonzero(scores.healthy & ~scores.tissue)
    warnings = []
    if agreement is not None and agreement < AGREEMENT:
        warnings.append(
            f"{names[0]} ranks the pixels unlike the other detectors (rank correlation with their "
            f"median {agreement:.2f}); look at each of them before you rely on one"
        )
    if lost > OFF_TISSUE * healthy:
        warnings.append(
            f"{lost} of {healthy} healthy pixels lie off the tissue; does the mask reach beyond "
            "it, or is off_tissue.below too high?"
        )
    if CRITIC in names:
        warnings.append(
            "the sign of critic is not defined where it saw neither healthy nor generated "
            "pixels, and it learnt from all of the mask, so that its false-alarm rate is not that "
            "of unseen pixels"
        )
    for kind, mask in known.items():
        inside = np.count_nonzero(mask & scores.healthy)
        if inside:
            warnings.append(
                f"{inside} of {healthy} healthy pixels are known to be abnormal ({kind}); leave "
                "them out of the mask, or trim it"
            )
    return warnings


def _few(scores, view, components):
    """Warn of features fitted on few pixels, where detectors look at them."""
    healthy = np.count_nonzero(scores.healthy)
    seen = {DETECTORS[str(name)].view or view for name in scores.detectors}
    fitted = bool(seen & {"count", "weights", "both"}) and components is not None
    if not fitted or healthy >= PIXELS_PER_FEATURE * len(components):
        return []
    return [
        f"{len(components)} features were fitted on {healthy} healthy pixels: thresholds may be "
        "passed less often than stated, and abnormal pixels missed; ask for fewer features, mark "
        "more healthy pixels, or look at the view composition"
    ]
