"""From spectra as measured to one row of peak intensities a pixel."""

from imsforge.spectra.extract import extract, extract_peaks, find_peaks
from imsforge.spectra.peaks import Peaks

__all__ = ["Peaks", "extract", "extract_peaks", "find_peaks"]
