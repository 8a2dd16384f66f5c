"""Names of methods: ``vae+calibrate+tuned`` is a training set, and how classifiers learn from it.

A training set is ``none``, the real one, or a sampler with refinements of its draws. A remedy is
what a classifier does about few and uneven spectra in place of learning from them as they are.
"""

from dataclasses import dataclass

#: What may end a name -> the classifiers that it is for; None for all.
REMEDIES = {
    "tuned": None,
    "class-weights": ("logistic-regression", "random-forest", "boosted-trees", "network"),
    "logit-adjustment": None,
    "moved-thresholds": None,
    "balanced-forest": ("random-forest",),
}


@dataclass(frozen=True)
class Method:
    """What the name of a method says.

    Attributes
    ----------
    sampler : str, "none" for the real training set
    refinements : tuple of str
    remedy : str or None
    """

    sampler: str
    refinements: tuple = ()
    remedy: str | None = None

    @property
    def training_set(self):
        """The name of the method that makes the same training set and has no remedy."""
        return "+".join((self.sampler, *self.refinements))

    @property
    def parts(self):
        """The names that it is made of, in their order."""
        return (self.sampler, *self.refinements, *([self.remedy] if self.remedy else []))


def parse_method(name):
    """Read the name of a method.

    Parameters
    ----------
    name : str, parts joined by ``+``; that they are known is for those who use them

    Returns
    -------
    Method

    Examples
    --------
    >>> parse_method("vae+calibrate+tuned")
    Method(sampler='vae', refinements=('calibrate',), remedy='tuned')
    """
    sampler, *rest = name.split("+")
    remedy = rest.pop() if rest and rest[-1] in REMEDIES else None
    return Method(sampler, tuple(rest), remedy)


def is_remedy_of(remedy, classifier):
    """Tell whether a remedy, or None for none, is for a classifier."""
    return REMEDIES.get(remedy) is None or classifier in REMEDIES[remedy]
