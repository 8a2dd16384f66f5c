"""Mending of spectra, against a slow reading point by point."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from imsforge.ingest.values import DEFECTS, defects_of, explain, repaired
from imsforge.readers.source import Block

INTENSITY = st.sampled_from([0.0, 1.0, 2.5, -1.0, np.nan, np.inf, -np.inf, 1e35])
MZ = st.sampled_from([0.0, 1.0, 400.0, 400.0, 401.0, 500.0, np.nan, -5.0, 1e9, np.inf])
SPECTRUM = st.lists(st.tuples(MZ, INTENSITY), max_size=6)


def block_of(spectra):
    points = [point for spectrum in spectra for point in spectrum]
    mz, intensity = np.array(points, dtype=float).reshape(-1, 2).T
    indptr = np.cumsum([0, *(len(spectrum) for spectrum in spectra)])
    return Block(slice(0, len(spectra)), intensity, indptr, own_mz=mz)


def slow_defects(spectrum):
    found = set()
    for mz, intensity in spectrum:
        if not 0.5 <= mz <= 1e6 and not (mz == 0 and intensity == 0):
            found.add("impossible_mz")
        if not -1e30 <= intensity <= 1e30:
            found.add("non_finite_intensity")
        elif intensity < 0:
            found.add("negative_intensity")
    if any(after < before for (before, _), (after, _) in pairwise(spectrum)):
        found.add("unsorted_mz")
    return found


def slow_repair(spectrum):
    found = slow_defects(spectrum)
    if "impossible_mz" in found:
        spectrum = [(mz, intensity) for mz, intensity in spectrum if 0.5 <= mz <= 1e6]
    spectrum = [(mz, i if -1e30 <= i <= 1e30 else 0.0) for mz, i in spectrum]
    return sorted(((mz, max(i, 0.0)) for mz, i in spectrum), key=lambda point: point[0])


@given(st.lists(SPECTRUM, min_size=1, max_size=5))
def test_defects_and_repair_are_those_of_a_slow_loop(spectra):
    block = block_of(spectra)
    defects = defects_of(block)
    for spectrum, flags in zip(spectra, defects, strict=True):
        found = {problem for problem, bit in DEFECTS.items() if flags & bit}
        assert found == slow_defects(spectrum)
    mended = repaired(block, defects)
    assert np.all(np.isfinite(mended.intensity)) and np.all(mended.intensity >= 0)
    for row, spectrum in enumerate(spectra):
        points = slice(mended.indptr[row], mended.indptr[row + 1])
        # In a block, all spectra are mended alike: filler points may go with impossible ones.
        expected = [p for p in slow_repair(spectrum) if p != (0.0, 0.0)]
        got = list(zip(mended.mz[points], mended.intensity[points], strict=True))
        got = [p for p in got if p[0] != 0.0]
        assert [mz for mz, _ in got] == [mz for mz, _ in expected]
        assert sorted(got) == sorted(expected)
    again = defects_of(mended)
    assert not again.any()
    np.testing.assert_allclose(
        mended.sums(), [sum(i for _, i in slow_repair(s)) for s in spectra], rtol=1e-12
    )


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=6))
def test_integers_and_a_shared_axis(values):
    axis = np.arange(400.0, 400.0 + len(values))
    intensity = np.array(values * 2, dtype=np.int32)
    block = Block(slice(0, 2), intensity, np.arange(3) * len(values), axis=axis)
    defects = defects_of(block)
    assert defects.tolist() == [8 * (min(values) < 0)] * 2
    mended = repaired(block, defects)
    np.testing.assert_array_equal(mended.intensity, np.maximum(intensity, 0))
    assert mended.intensity.dtype == np.int32
    assert mended.axis is axis


def test_explanations_name_the_point():
    def explained(problem, *points):
        return explain(block_of([points]), problem)

    assert explained("impossible_mz", (1, 1), (-5, 1)) == "point 2: m/z is -5"
    assert explained("non_finite_intensity", (1, np.nan)) == "point 1: intensity is nan"
    assert explained("negative_intensity", (1, 0), (1, -2)) == "point 2: intensity is -2"
    assert explained("unsorted_mz", (9, 1), (3, 1)) == "point 2: m/z is 3 after 9"


def test_sums_of_floats_and_integers():
    block = Block(slice(0, 3), np.full(4, 2**31 - 1, np.int32), np.array([0, 3, 3, 4]), own_mz=None)
    assert block.sums().tolist() == [3 * (2.0**31 - 1), 0, 2.0**31 - 1]
