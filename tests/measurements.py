"""Small measurements for tests, written with pyimzML, and a slow reading of them."""

import numpy as np
from pyimzml.ImzMLParser import ImzMLParser
from pyimzml.ImzMLWriter import ImzMLWriter

from imsforge.phantom.instrument import ION_INTENSITY, PULSE_SHAPE
from imsforge.phantom.profiles import Profiles

TRUE_MZ = np.array([420.1, 455.25, 455.4, 500.3, 611.7, 780.05])


def write_imzml(path, spectra, pixels=None, **options):
    """Write (mz, intensity) pairs to ``path``, an .imzML file, on a grid 4 pixels wide."""
    pixels = pixels or [(i % 4 + 1, i // 4 + 1) for i in range(len(spectra))]
    with ImzMLWriter(str(path), **options) as writer:
        for (mz, intensity), pixel in zip(spectra, pixels, strict=True):
            writer.addSpectrum(mz, intensity, pixel)
    return path


def centroid_spectra(rng, n_pixels=40, jitter_ppm=3, mz=TRUE_MZ):
    """Peaks at ``mz`` within a jitter, each in two thirds of the pixels, all in the first."""
    spectra = []
    for pixel in range(n_pixels):
        there = (rng.random(len(mz)) < 0.67) | (pixel == 0)
        there[pixel % len(mz)] = True
        jitter = rng.normal(0, jitter_ppm * 1e-6, there.sum())
        spectra.append((mz[there] * (1 + jitter), rng.uniform(10, 1000, there.sum())))
    return spectra


def profile_spectra(rng, n_pixels=12, shift=0.0, noise=0.2, mz=TRUE_MZ, axis=None):
    """Gaussian peaks of width 0.02 at ``mz``, sampled every 0.01; the axis moves by ``shift``."""
    axis = np.arange(400, 800, 0.01) if axis is None else axis
    spectra = []
    for _ in range(n_pixels):
        own_axis = axis + shift * rng.uniform(-0.5, 0.5)
        height = rng.uniform(50, 500, len(mz))
        intensity = np.abs(rng.normal(0, noise, len(axis)))
        for centre, top in zip(mz, height, strict=True):
            near = np.abs(own_axis - centre) < 0.2
            intensity[near] += top * np.exp(-0.5 * ((own_axis[near] - centre) / 0.02) ** 2)
        spectra.append((own_axis, intensity))
    return spectra


def phantom_profiles(phantom, baseline=None):
    """Return all profile spectra of a phantom, and what they were made from.

    Parameters
    ----------
    phantom : Phantom
    baseline : callable of m/z, in units of the tallest peak of the mean spectrum

    Returns
    -------
    axis : (n_points,) float64
    spectra : (n_pixels, n_points) float32
    ions : (n_pixels, n_peaks) float32, the intensities that were recorded
    shot_noise : (n_pixels, n_peaks) float64, their standard deviation
    """
    profiles = Profiles(phantom)
    if baseline is not None:
        tallest = np.max(_gathered(profiles)[0].mean(axis=0))
        profiles = Profiles(phantom, lambda mz: tallest * baseline(mz))
    expected = phantom.expected(slice(None)).astype(float)
    shot_noise = np.sqrt(expected * ION_INTENSITY * (1 + 1 / PULSE_SHAPE))
    return profiles.axis, *_gathered(profiles), shot_noise


def _gathered(profiles):
    _, spectra, ions = zip(*profiles.blocks(), strict=True)
    return np.concatenate(spectra), np.concatenate(ions)


def slow_sums(path, peaks, reduce=np.sum):
    """Sum the windows of all spectra point by point, as pyimzML reads them."""
    sums = []
    with ImzMLParser(str(path)) as parser:
        for row in range(len(parser.coordinates)):
            mz, intensity = parser.getspectrum(row)
            inside = [
                (mz >= lower) & (mz < upper)
                for lower, upper in zip(peaks.lower, peaks.upper, strict=True)
            ]
            sums.append([reduce(intensity[window].astype(float), initial=0) for window in inside])
    return np.array(sums)
