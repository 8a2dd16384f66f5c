"""The class of each pixel: from clusters of spectra, or as experts gave it."""
