"""Properties of windows, grids and sums, for any input."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from imsforge.peaks.columns import join
from imsforge.peaks.grid import AxisGrid, Grid, GridSums, sampling_grid
from imsforge.peaks.integrate import AxisWindows, PeakTable, reduce_segments, search_edges
from imsforge.peaks.normalization import quotients, reference_spectrum
from imsforge.peaks.recalibration import MassShift
from imsforge.peaks.windows import Peaks
from imsforge.readers.imzml.ibd import read_arrays
from imsforge.readers.source import Block

MZ = st.lists(st.floats(50, 2000, width=32), min_size=1, max_size=30, unique=True).map(
    lambda values: np.sort(np.array(values))
)
PEAKS = st.builds(lambda mz, width: Peaks.around(mz, mz * width), MZ, st.floats(1e-6, 1e-2))


@st.composite
def blocks(draw):
    """Spectra of up to 12 points with ascending m/z, some of them empty."""
    spectra = draw(st.lists(st.one_of(MZ, st.just(np.empty(0))), min_size=1, max_size=6))
    mz = np.concatenate(spectra)
    intensity = draw(npst.arrays(np.float32, len(mz), elements=st.floats(0, 1e6, width=32)))
    indptr = np.concatenate(([0], np.cumsum([len(spectrum) for spectrum in spectra])))
    return Block(slice(0, len(spectra)), intensity, indptr, own_mz=mz)


@given(PEAKS)
def test_windows_hold_their_peak_and_do_not_overlap(peaks):
    assert (peaks.lower <= peaks.mz).all()
    assert (peaks.mz < peaks.upper).all()
    assert (peaks.upper[:-1] <= peaks.lower[1:]).all()


@given(MZ, st.integers(1, 4), st.floats(1e-6, 1e-1), st.data())
def test_joined_columns_are_of_different_files_and_near(mz, n_files, tolerance, data):
    there = data.draw(npst.arrays(bool, (n_files, len(mz))))
    there[0, ~there.any(axis=0)] = True
    first = join(mz, there, tolerance, np.ones(n_files, dtype=bool))
    assert first[0] == 0
    last = np.append(first[1:], len(mz)) - 1
    assert (mz[last] - mz[first] <= tolerance * mz[first]).all()
    assert np.add.reduceat(there.astype(int), first, axis=1).max() == 1
    # What lies side by side was kept apart for a reason.
    for low, high in zip(first[:-1], last[1:], strict=True):
        far = mz[high] - mz[low] > tolerance * mz[low]
        assert far or there[:, low : high + 1].sum(axis=1).max() > 1
    peaks = Peaks.around((mz[first] + mz[last]) / 2, 0.0, ends=(mz[first], mz[last]))
    assert (
        np.searchsorted(peaks.lower, mz, side="right") - 1
        == np.repeat(np.arange(len(first)), last - first + 1)
    ).all()
    assert (mz[last] < peaks.upper).all()
    assert (peaks.upper[:-1] <= peaks.lower[1:]).all()


STATISTICS = st.sampled_from([np.add, np.maximum])


def by_definition(mz, intensity, peaks, reduce):
    """Reduce one spectrum over the windows, point by point; intensities are not negative."""
    values = np.zeros(len(peaks))
    for at, value in zip(mz, intensity, strict=True):
        inside = (peaks.lower <= at) & (at < peaks.upper)
        values = np.where(inside, reduce(values, value), values)
    return values


@given(blocks(), PEAKS, STATISTICS)
def test_both_ways_to_integrate_own_axes_are_the_definition(block, peaks, reduce):
    spectra = zip(
        np.split(block.mz, block.indptr[1:-1]),
        np.split(block.intensity, block.indptr[1:-1]),
        strict=True,
    )
    expected = [by_definition(mz, intensity, peaks, reduce) for mz, intensity in spectra]
    for values in (search_edges(block, peaks, reduce), PeakTable(peaks).reduce(block, reduce)):
        np.testing.assert_allclose(values, expected, rtol=1e-6)


@given(MZ, PEAKS, STATISTICS, st.integers(1, 4), st.data())
def test_integration_on_a_shared_axis_is_the_definition(axis, peaks, reduce, n_rows, data):
    shape = (n_rows, len(axis))
    intensity = data.draw(npst.arrays(np.uint16, shape, elements=st.integers(0, 2**16 - 1)))
    expected = [by_definition(axis, row, peaks, reduce) for row in intensity.astype(float)]
    values = AxisWindows(axis, peaks).reduce(intensity, reduce)
    np.testing.assert_array_equal(values, expected)


@given(PEAKS, st.lists(st.floats(40, 2100), max_size=20))
def test_the_table_finds_the_window_of_every_value(peaks, mz):
    edges = np.concatenate([peaks.lower, peaks.upper])
    mz = np.concatenate([mz, edges, np.nextafter(edges, 0), np.nextafter(edges, np.inf), [0.0]])
    inside = (peaks.lower <= mz[:, None]) & (mz[:, None] < peaks.upper)
    expected = np.where(inside.any(axis=1), inside.argmax(axis=1), len(peaks))
    np.testing.assert_array_equal(PeakTable(peaks).find(mz), expected)


@given(st.data())
def test_segments_sum_as_slices(data):
    values = data.draw(npst.arrays(np.float64, st.integers(0, 20), elements=st.floats(0, 1e9)))
    bounds = st.lists(st.integers(0, len(values)), max_size=12).map(lambda b: sorted(b[::2] * 2))
    edges = np.array(data.draw(bounds), dtype=np.int64)
    start, stop = edges[::2], edges[1::2]
    expected = [values[a:b].sum() for a, b in zip(start, stop, strict=True)]
    np.testing.assert_allclose(reduce_segments(values, start, stop), expected, rtol=1e-12)


@given(st.floats(-200, 200), st.floats(-0.2, 0.2), MZ)
def test_a_mass_shift_leads_there_and_back(offset, slope, mz):
    shift = MassShift(offset, slope)
    np.testing.assert_allclose(shift.corrected(shift.measured(mz)), mz, rtol=1e-10)
    measured = shift.measured(mz)
    np.testing.assert_allclose((measured / mz - 1) * 1e6, shift.ppm(measured), atol=1e-3)


@given(
    npst.arrays(np.float64, (5, 4), elements=st.floats(1, 1e3)),
    npst.arrays(np.float64, 5, elements=st.floats(0.1, 10)),
)
def test_a_probabilistic_quotient_undoes_any_dilution(spectra, dilution):
    reference = reference_spectrum(spectra)
    quotient = quotients(spectra, reference)
    diluted = spectra * dilution[:, None]
    np.testing.assert_allclose(quotients(diluted, reference), quotient * dilution, rtol=1e-9)
    np.testing.assert_allclose(reference_spectrum(7 * spectra), 7 * reference, rtol=1e-9)


@given(
    st.floats(1e-6, 1e-1),
    st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0]),
    npst.arrays(np.float64, st.integers(1, 20), elements=st.floats(50, 2000)),
)
def test_a_grid_leads_there_and_back(spacing, power, mz):
    grid = Grid(spacing * 500 ** (1 - power), power)
    np.testing.assert_allclose(grid.mz(grid.position(mz)), mz, rtol=1e-9)
    assert (np.diff(grid.position(np.sort(mz))) >= 0).all()


@given(
    st.lists(
        npst.arrays(np.float64, st.integers(0, 10), elements=st.floats(-300, 300)),
        min_size=1,
        max_size=4,
    )
)
def test_grid_sums_keep_total_and_centre_of_mass(parts):
    sums = GridSums(2, "test")
    for position in parts:
        points = sums.points(position)
        weights = np.ones(len(position)), np.abs(position)
        sums.add(points.low, np.stack([points.shared(weight) for weight in weights]))
    position = np.concatenate(parts)
    points = sums.low + np.arange(sums.n_grid)
    for total, weight in zip(sums.sums, (np.ones(len(position)), np.abs(position)), strict=True):
        np.testing.assert_allclose(total.sum(), weight.sum(), atol=1e-9)
        np.testing.assert_allclose((total * points).sum(), (weight * position).sum(), atol=1e-6)


@given(st.lists(MZ, max_size=4))
def test_any_spectra_give_a_grid(spectra):
    grid = sampling_grid(spectra, finest_ppm=2)
    low, high = grid.position(np.array([60.0, 1900.0]))
    assert low <= high
    if not isinstance(grid, AxisGrid):
        assert grid.spacing > 0
        assert 0 <= grid.power <= 2


@settings(max_examples=50)
@given(st.data())
def test_arrays_are_read_from_anywhere(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "arrays.bin"
    content = np.arange(64, dtype=np.uint8)
    path.write_bytes(content.tobytes())
    dtype = data.draw(st.sampled_from(["<f4", "<i8", "<u2", "u1"]))
    size = np.dtype(dtype).itemsize
    spans = data.draw(
        st.lists(
            st.integers(0, 64).flatmap(
                lambda at: st.tuples(st.just(at), st.integers(0, (64 - at) // size))
            ),
            min_size=1,
            max_size=8,
        )
    )
    offset, count = (np.array(column, dtype=np.int64) for column in zip(*spans, strict=True))
    expected = [content[at : at + n * size].tobytes() for at, n in spans]
    assert read_arrays(path, offset, count, dtype).tobytes() == b"".join(expected)
