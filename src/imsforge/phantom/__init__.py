"""A synthetic infected kidney: a measurement like the thesis' own, and the truth behind it."""

from imsforge.phantom.synthesis import PRESETS, Phantom, make_phantom
from imsforge.phantom.truth import PhantomTruth
from imsforge.phantom.writing import write_phantom

__all__ = ["PRESETS", "Phantom", "PhantomTruth", "make_phantom", "write_phantom"]
