"""May a generated training set be given away? A sentence for each method."""

import numpy as np
from scipy import stats

from imsforge.fidelity.assessment import ALL_CLASSES
from imsforge.fidelity.membership import FALSE_ALARMS

#: Share of intervals that hold the score of another repeat.
CONFIDENCE = 0.95

#: What the scores of an attacker without a clue are.
CHANCE = {"membership_auc": 0.5, "membership_tpr": FALSE_ALARMS}

#: Area under the curve below which a set gives but a little away.
MUCH = 0.65

#: What holds for every sentence.
VERDICT_NOTE = (
    "The attacker has the spectra that replace the training set, knows other real ones of the "
    "class, and takes a spectrum for a training spectrum the sooner, the nearer the nearest "
    "generated one lies. No better than chance is no proof of privacy: another "
    "attack may see more, above all one that has the networks too. A training set that is filled "
    "up holds the training spectra themselves, whatever the method. calibrate gives each peak "
    "intensities from the training spectra, and filter chooses spectra by a classifier of them, so "
    "what a method gives away without them says nothing of it with them. In brackets, 95 % "
    "intervals for another repeat."
)


def giving_away(scores):
    """Say of each method whether its generated spectra give training spectra away.

    Parameters
    ----------
    scores : DataFrame with the columns of ``fidelity.csv``, of one experiment

    Returns
    -------
    list of str, a sentence for each method but ``none``, in the order of ``scores``
    """
    whole = scores[scores["class"] == ALL_CLASSES]
    methods = [method for method in dict.fromkeys(scores["method"]) if method != "none"]
    return [_verdict(method, whole[whole["method"] == method]) for method in methods]


def _verdict(method, scores):
    """Say what the attacks on the sets of one method, one a repeat, come to."""
    courses = {
        metric: scores.loc[scores["metric"] == metric, "value"].to_numpy()
        for metric in CHANCE
        if metric in set(scores["metric"])
    }
    if "membership_auc" not in courses:
        return (
            f"The set of {method} was not attacked: it takes 20 real spectra of a class that were "
            "not trained on, from the places of those that were; see split.reserve_share."
        )
    told = f"an attacker tells its training spectra from others with {_figures(courses)}"
    if len(courses["membership_auc"]) == 1:
        return f"Of the set of {method} there is one repeat, which cannot tell chance: {told}."
    if not any(another_repeat(course)[0] > CHANCE[metric] for metric, course in courses.items()):
        return (
            f"What the set of {method} gives away cannot be told from chance by this attack, which "
            f"is no proof of privacy: {told}."
        )
    much = "training spectra" if courses["membership_auc"].mean() >= MUCH else "a little"
    return f"Giving away the set of {method} gives {much} away: {told}."


def _figures(courses):
    """Write what an attacker achieves, over repeats."""
    text = f"an area under the ROC curve of {_with_interval(courses['membership_auc'])}"
    if "membership_tpr" not in courses:
        return text
    found = _with_interval(100 * courses["membership_tpr"], digits=1, most=100)
    return f"{text}, and finds {found} % of them while taking 1 % of others for them"


def _with_interval(course, digits=2, most=1):
    if len(course) == 1:
        return f"{course[0]:.{digits}f}"
    low, high = np.clip(another_repeat(course), 0, most)
    return f"{course.mean():.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def another_repeat(course):
    """Return the interval in which the score of another repeat lies.

    A repeat is one set to give away. As an interval of the mean it allows for repeats that have up
    to half of their spectra in common (Nadeau and Bengio 2003, with as many test as training rows).

    Parameters
    ----------
    course : (n_repeats,) array, two at least

    Returns
    -------
    low, high : float, at `CONFIDENCE`
    """
    n = len(course)
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * np.std(course, ddof=1) * np.sqrt(1 + 1 / n)
    return course.mean() - reach, course.mean() + reach
