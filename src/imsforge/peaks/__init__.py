"""From spectra as measured to one row of peak intensities a pixel."""

from imsforge.peaks.extract import extract, extract_peaks, find_peaks
from imsforge.peaks.windows import Peaks

__all__ = ["Peaks", "extract", "extract_peaks", "find_peaks"]
