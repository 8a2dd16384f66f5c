"""Properties of windows, grids and sums, for any input."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from imsforge.io.measurement import Block
from imsforge.io.spans import read_arrays
from imsforge.spectra import Peaks
from imsforge.spectra.grid import AxisGrid, Grid, GridSums, sampling_grid
from imsforge.spectra.integrate import bin_centroids, sum_segments, sum_windows

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
    return Block(slice(0, len(spectra)), mz, intensity, indptr)


@given(PEAKS)
def test_windows_hold_their_peak_and_do_not_overlap(peaks):
    assert (peaks.lower <= peaks.mz).all()
    assert (peaks.mz < peaks.upper).all()
    assert (peaks.upper[:-1] <= peaks.lower[1:]).all()


@given(blocks(), PEAKS)
def test_both_ways_of_summing_are_the_definition(block, peaks):
    expected = np.zeros((len(block.indptr) - 1, len(peaks)))
    for row, (start, stop) in enumerate(zip(block.indptr[:-1], block.indptr[1:], strict=True)):
        for mz, intensity in zip(block.mz[start:stop], block.intensity[start:stop], strict=True):
            expected[row] += intensity * ((peaks.lower <= mz) & (mz < peaks.upper))
    np.testing.assert_allclose(bin_centroids(block, peaks), expected, rtol=1e-12)
    np.testing.assert_allclose(sum_windows(block, peaks), expected, rtol=1e-12)


@given(st.data())
def test_segments_sum_as_slices(data):
    values = data.draw(npst.arrays(np.float64, st.integers(0, 20), elements=st.floats(0, 1e9)))
    bounds = st.lists(st.integers(0, len(values)), max_size=12).map(lambda b: sorted(b[::2] * 2))
    edges = np.array(data.draw(bounds), dtype=np.int64)
    start, stop = edges[::2], edges[1::2]
    expected = [values[a:b].sum() for a, b in zip(start, stop, strict=True)]
    np.testing.assert_allclose(sum_segments(values, start, stop), expected, rtol=1e-12)


@given(
    st.floats(1e-6, 1e-1),
    st.floats(0, 2),
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
        sums.add(position, np.ones(len(position)), np.abs(position))
    position = np.concatenate(parts)
    points = sums.low + np.arange(sums.sums.shape[1])
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
