"""imsforge: generate, judge and use synthetic imaging mass spectra."""

__version__ = "0.1.0"
