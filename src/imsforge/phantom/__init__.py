"""A synthetic infected kidney: everything a study needs to know, with the truth beside it."""

from imsforge.phantom.phantom import PRESETS, Phantom, PhantomTruth, make_phantom
from imsforge.phantom.writing import write_phantom

__all__ = ["PRESETS", "Phantom", "PhantomTruth", "make_phantom", "write_phantom"]
