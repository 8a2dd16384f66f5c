"""From spectra as measured to one row of peak intensities a pixel, and lists of peaks."""
