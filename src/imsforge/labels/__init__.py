"""The class of each pixel: from clusters of spectra, or as experts gave it."""

from imsforge.labels.labelling import class_table, label_pixels

__all__ = ["class_table", "label_pixels"]
