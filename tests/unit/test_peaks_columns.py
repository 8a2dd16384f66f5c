"""Picked peaks: columns stay columns, whatever the storage, and are joined across files."""

import h5py
import numpy as np
import pandas as pd
import pytest
from measurements import write_imzml
from scipy.sparse import csr_array

from imsforge.artifacts.contract import PeakMatrix
from imsforge.ingest.examine import examine, index_file
from imsforge.ingest.ingest import read_measurement
from imsforge.ingest.policies import Policies
from imsforge.peaks.columns import join
from imsforge.peaks.extract import extract_peaks, find_peaks
from imsforge.peaks.windows import Peaks

N_PIXELS = 60


def pixels(n_pixels):
    return np.arange(n_pixels) % 10 + 1, np.arange(n_pixels) // 10 + 1


def as_matrix(path, mz, table):
    path = path.with_suffix(".h5")
    x, y = pixels(len(table))
    with h5py.File(path, "w") as file:
        file["intensity"], file["mz"], file["x"], file["y"] = table, mz, x, y
    return path


def as_sparse(path, mz, table):
    path = path.with_suffix(".h5ad")
    x, y = pixels(len(table))
    rows = csr_array(table)
    with h5py.File(path, "w") as file:
        for name in ("data", "indices", "indptr"):
            file[f"X/{name}"] = getattr(rows, name)
        file["obs/x"], file["obs/y"], file["var/mz"] = x, y, mz
        file["X"].attrs["encoding-type"] = "csr_matrix"
    return path


def as_csv(path, mz, table):
    path = path.with_suffix(".csv")
    x, y = pixels(len(table))
    frame = pd.DataFrame(np.column_stack([x, y, table]), columns=["x", "y", *map(repr_of, mz)])
    frame.to_csv(path, index=False)
    return path


def repr_of(mz):
    return repr(float(mz))


def as_continuous(path, mz, table):
    return imzml(path, [(mz, row) for row in table], "continuous")


def as_processed(path, mz, table):
    return imzml(path, [(mz[row > 0], row[row > 0]) for row in table], "processed")


def as_processed_with_zeros(path, mz, table):
    return imzml(path, [(mz, row) for row in table], "processed")


def imzml(path, spectra, mode):
    x, y = pixels(len(spectra))
    places = list(zip(x.tolist(), y.tolist(), strict=True))
    return write_imzml(path.with_suffix(".imzML"), spectra, places, mode=mode)


STORED = {
    "matrix": as_matrix,
    "sparse": as_sparse,
    "csv": as_csv,
    "continuous": as_continuous,
    "processed": as_processed,
    "processed with zeros": as_processed_with_zeros,
}


def run(paths, folder, **options):
    out = folder / "out"
    extract_peaks(read_measurement(paths), out / "peaks.h5", out / "peaks.csv", **options)
    return PeakMatrix.read(out / "peaks.h5")


def features(rng, n=100, close=15):
    """An m/z list in which some lie nearer to the one before than the tolerance."""
    mz = np.sort(rng.uniform(400, 1400, n - close))
    return np.sort(np.append(mz, rng.choice(mz, close, replace=False) * (1 + 8e-6)))


def table_of(rng, n_peaks, n_pixels=N_PIXELS, share=0.4):
    table = rng.gamma(2, 100, (n_pixels, n_peaks)).astype(np.float32)
    table *= rng.random(table.shape) < share
    table[n_pixels // 2] = 1
    return table


@pytest.mark.parametrize("close", [0, 15, 50])
@pytest.mark.parametrize("stored", STORED)
def test_columns_are_the_peaks_however_they_are_stored(tmp_path, rng, stored, close):
    mz = features(rng, close=close)
    table = table_of(rng, 100)
    matrix = run(STORED[stored](tmp_path / "a", mz, table), tmp_path)
    np.testing.assert_array_equal(matrix.mz, mz)
    np.testing.assert_array_equal(matrix.intensity, table)


@pytest.mark.parametrize("stored", ["matrix", "sparse", "csv", "continuous"])
def test_rare_columns_that_a_file_lists_stay_apart(tmp_path, rng, stored):
    mz = np.array([500.0, 500.0005, 700.0])
    table = np.zeros((N_PIXELS, 3), dtype=np.float32)
    table[3, 0], table[40, 1], table[:, 2] = 5, 7, 1
    matrix = run(STORED[stored](tmp_path / "a", mz, table), tmp_path)
    np.testing.assert_array_equal(matrix.mz, mz)
    np.testing.assert_array_equal(matrix.intensity, table)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
@pytest.mark.parametrize("stored", ["matrix", "sparse", "csv", "continuous"])
def test_columns_of_one_mz_are_one_peak(tmp_path, caplog, stored, order):
    if stored == "continuous" and order[1] != 1:
        pytest.skip("an imzML axis ascends")
    mz = np.array([426.92, 426.92, 431.04])[order]
    table = np.array([[10, 20, 30], [1, 2, 3], [5, 0, 7]], dtype=np.float32)[:, order]
    matrix = run(STORED[stored](tmp_path / "a", mz, table), tmp_path)
    assert matrix.mz.tolist() == [426.92, 431.04]
    assert matrix.intensity.tolist() == [[30, 30], [3, 3], [5, 7]]
    assert "1 columns have the m/z of another (426.9200): added up" in caplog.text


def test_neighbours_in_floating_point_are_two_peaks():
    mz = np.array([500.0, np.nextafter(500, 501), np.nextafter(np.nextafter(500, 501), 501)])
    peaks = Peaks.around(mz, mz * 1e-6)
    assert (peaks.lower <= mz).all()
    assert (mz < peaks.upper).all()
    assert (peaks.upper[:-1] <= peaks.lower[1:]).all()


@pytest.mark.parametrize("stored", STORED)
def test_columns_without_signal_are_left_out_and_counted(tmp_path, rng, caplog, stored):
    mz, table = features(rng, 30, 5), table_of(rng, 30)
    table[:, ::3] = 0
    matrix = run(STORED[stored](tmp_path / "a", mz, table), tmp_path)
    filled = table.any(axis=0)
    np.testing.assert_array_equal(matrix.mz, mz[filled])
    np.testing.assert_array_equal(matrix.intensity, table[:, filled])
    says = "10 of 30 columns show no signal in any pixel: "
    # What is not stored is no column.
    assert (says + "left out" in caplog.text) == (stored != "processed")
    # What no file lists is known to be a column when all of it is read.
    told = [] if stored.startswith("processed") else [True]
    warnings = read_measurement(STORED[stored](tmp_path / "b", mz, table)).summary()["warnings"]
    assert [says + "no peaks" in line for line in warnings] == told
    if told:
        assert f"({mz[0]:.4f}, {mz[3]:.4f}, " in warnings[0]


def test_columns_that_were_not_all_looked_at_are_not_counted(tmp_path, rng):
    mz, table = features(rng, 30, 5), table_of(rng, 30)
    table[:, ::3] = 0
    indexed = index_file(STORED["matrix"](tmp_path / "a", mz, table), Policies())
    assert examine(indexed, Policies(), most=5).notes == []
    assert len(examine(indexed, Policies()).notes) == 1


@pytest.mark.parametrize("n_shifted", [0, 1, 9, 13, 60, 100])
@pytest.mark.parametrize("stored", STORED)
def test_columns_of_files_that_differ_by_less_than_the_tolerance_are_joined(
    tmp_path, rng, stored, n_shifted
):
    mz = np.linspace(400, 1400, 100) + rng.uniform(-1, 1, 100)
    other = mz.copy()
    other[rng.choice(100, n_shifted, replace=False)] *= 1 + 1e-5
    tables = [table_of(rng, 100) for _ in range(2)]
    paths = [
        STORED[stored](tmp_path / name, values, table)
        for name, values, table in zip("ab", (mz, other), tables, strict=True)
    ]
    matrix = run(paths, tmp_path)
    assert len(matrix.mz) == 100
    same = mz == other
    np.testing.assert_array_equal(matrix.mz[same], mz[same])
    assert ((matrix.mz >= mz) & (matrix.mz <= other)).all()
    np.testing.assert_array_equal(matrix.intensity, np.concatenate(tables))


def test_files_stored_in_different_ways_share_their_columns(tmp_path, rng):
    mz = features(rng)
    tables = [table_of(rng, 100) for _ in range(3)]
    stored = as_matrix, as_sparse, as_processed
    paths = [
        write(tmp_path / name, mz.astype(np.float32).astype(float) if name == "b" else mz, table)
        for name, write, table in zip("abc", stored, tables, strict=True)
    ]
    matrix = run(paths, tmp_path)
    np.testing.assert_allclose(matrix.mz, mz, rtol=1e-7)
    np.testing.assert_array_equal(matrix.intensity, np.concatenate(tables))


def test_one_list_for_two_files_keeps_columns_apart_that_only_one_of_them_fills(tmp_path, rng):
    mz = np.array([500.0, 500.004, 700.0])  # 8 ppm apart
    tables = np.ones((2, N_PIXELS, 3), dtype=np.float32)
    tables[0, :, 1] = tables[1, :, 0] = 0
    paths = [
        as_matrix(tmp_path / name, mz, table) for name, table in zip("ab", tables, strict=True)
    ]
    matrix = run(paths, tmp_path)
    np.testing.assert_array_equal(matrix.mz, mz)
    np.testing.assert_array_equal(matrix.intensity, np.concatenate(tables))


def test_a_file_of_scattered_centroids_makes_peaks_of_all(tmp_path, rng):
    """Columns of one file say nothing where the other has none."""
    mz = np.linspace(400, 1400, 30)
    table = table_of(rng, 30)
    jitter = 1 + rng.normal(0, 4e-6, table.shape)
    scattered = [
        (mz[row > 0] * by[row > 0], row[row > 0]) for row, by in zip(table, jitter, strict=True)
    ]
    paths = [as_matrix(tmp_path / "a", mz, table), imzml(tmp_path / "b", scattered, "processed")]
    matrix = run(paths, tmp_path)
    assert len(matrix.mz) == 30
    np.testing.assert_allclose(matrix.mz, mz, rtol=3e-6)
    np.testing.assert_array_equal(matrix.intensity, np.concatenate([table, table]))


def test_a_given_list_has_windows_on_columns_too(tmp_path, rng):
    mz = np.array([500.0, 500.004, 700.0])
    measurement = read_measurement(as_matrix(tmp_path / "a", mz, table_of(rng, 3)))
    peaks = find_peaks(measurement, np.array([500.002, 600.0]))
    np.testing.assert_allclose(peaks.upper - peaks.lower, peaks.mz * 40e-6, rtol=1e-6)


def test_any_number_of_threads_finds_the_same_columns(tmp_path, rng):
    mz = features(rng, 500, 80)
    path = as_processed(tmp_path / "a", mz, table_of(rng, 500, 5000))
    one, several = (find_peaks(read_measurement(path), threads=n) for n in (1, 3))
    np.testing.assert_array_equal(one.mz, mz)
    np.testing.assert_array_equal(one.intensity, several.intensity)


def test_join_by_hand():
    mz = np.array([100.0, 100.001, 100.0015, 200.0, 200.001, 200.003, 300.0])
    there = np.array([[1, 0, 1, 1, 0, 0, 1], [0, 1, 0, 0, 1, 0, 1], [0, 0, 0, 0, 0, 1, 0]], bool)
    listed = np.ones(3, bool)
    # 100.001 is nearer to 100.0015; of 200.0 to 200.003 all are of different files.
    assert join(mz, there, 20e-6, listed).tolist() == [0, 1, 3, 6]
    # Within 10 ppm 200.003 is too far from 200.0, though not from 200.001.
    assert join(mz, there, 10e-6, listed).tolist() == [0, 1, 3, 5, 6]


def test_what_no_analyser_tells_apart_is_one_peak_unless_the_file_lists_both():
    mz, there = np.array([500.0, 500.001, 500.005]), np.ones((1, 3), bool)
    assert join(mz, there, 20e-6, np.array([True])).tolist() == [0, 1, 2]
    assert join(mz, there, 20e-6, np.array([False])).tolist() == [0, 2]


def test_a_wide_axis_is_as_narrow_as_its_signal(shared_data, tmp_path, caplog):
    matrix = run(shared_data / "imzml-zoo" / "wide_71549_bins.imzML", tmp_path)
    assert matrix.intensity.any(axis=0).all()
    assert "69874 of 71549 columns show no signal" in caplog.text


def test_peaks_of_several_samples_are_an_input_again(tmp_path, rng):
    mz = features(rng, 30, 5)
    tables = [table_of(rng, 30) for _ in range(2)]
    paths = {
        name: as_matrix(tmp_path / name, mz, table)
        for name, table in zip(("ann", "ben"), tables, strict=True)
    }
    first = run(paths, tmp_path)
    again = run(tmp_path / "out" / "peaks.h5", tmp_path / "again")
    for name in ("intensity", "mz", "x", "y", "sample", "samples", "total_ion_current"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
    assert again.samples.tolist() == ["ann", "ben"]
    both = dict.fromkeys(("one", "two"), tmp_path / "out" / "peaks.h5")
    assert run(both, tmp_path / "both").samples.tolist() == ["ann", "ben", "two, ann", "two, ben"]


@pytest.mark.parametrize("samples", [["a"], ["a", "a"], ["a", "b"], [1, 2]])
def test_datasets_that_say_something_else_of_samples_are_annotations(tmp_path, rng, samples):
    path = as_matrix(tmp_path / "a", np.array([500.0, 600.0]), table_of(rng, 2))
    with h5py.File(path, "a") as file:
        file["sample"], file["samples"] = np.full(N_PIXELS, 2), samples
    matrix = run(path, tmp_path)
    assert matrix.samples.tolist() == ["a"]
    assert (matrix.annotations["sample"] == 2).all()
