"""Each format, opened by the tool that it is for."""

import json
import shutil
import subprocess

import h5py
import numpy as np
import pandas as pd
import pytest
import tifffile
from exported import DETECTORS, MZ, NAMES, SAMPLES, SIZES, left_behind
from pyimzml.ImzMLParser import ImzMLParser

from imsforge.artifacts.contract import Features, PeakMatrix, Resampled
from imsforge.artifacts.text import file_names
from imsforge.errors import ConfigError
from imsforge.export import results as results_module
from imsforge.export.registry import NEEDS, WRITERS, export, modules_behind
from imsforge.export.results import mz_names
from imsforge.ingest.ingest import read_measurement
from imsforge.labels.regions import read_regions

STEMS = file_names(SAMPLES)


@pytest.fixture
def results(tmp_path):
    return left_behind(tmp_path / "liver")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "export"


@pytest.fixture
def intensity(results):
    return PeakMatrix.read(results.folder / "peaks.h5", "intensity")[0]


def test_every_format_says_what_it_needs(root):
    import yaml

    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())
    known = schema["$defs"]["dataset"]["properties"]["export"]["items"]["enum"]
    assert known == list(WRITERS) == list(NEEDS)
    assert modules_behind("ome-tiff") == ["imsforge.export.ome_tiff"]


@pytest.mark.parametrize("name", [name for name in WRITERS if name != "spatialdata"])
def test_the_same_results_have_the_same_bytes(results, tmp_path, name):
    for folder in ("one", "two"):
        export(name, results, tmp_path / folder)
    one, two = (
        {p.relative_to(tmp_path / f): p.read_bytes() for p in (tmp_path / f).rglob("*.*")}
        for f in ("one", "two")
    )
    assert one
    assert one == two


@pytest.mark.parametrize("n_bytes", [1, 100, 2**26])
def test_spectra_come_in_blocks(results, intensity, monkeypatch, n_bytes):
    monkeypatch.setattr(results_module, "_BLOCK_BYTES", n_bytes)
    rows = np.array([1, 2, 5, 40, 41, 60])
    for wanted, expected in ((None, intensity), (rows, intensity[rows])):
        blocks = list(results.blocks(wanted))
        np.testing.assert_array_equal(np.concatenate([values for _, values in blocks]), expected)
        assert [own.start for own, _ in blocks[1:]] == [own.stop for own, _ in blocks[:-1]]
    np.testing.assert_array_equal(np.array(list(results.ion_images(rows))), intensity[rows].T)


def test_peaks_have_names_of_their_own():
    assert mz_names([100.1, 250.25, 999.9]) == ["100.1000", "250.2500", "999.9000"]
    assert mz_names(MZ)[1:3] == ["250.25000", "250.25004"]
    assert len(set(mz_names([1.0, 1.0]))) == 2


def test_pixels_without_signal_have_neither_class_nor_score(results):
    pixels = results.pixels()
    empty = pixels["total_ion_current"] == 0
    assert empty.sum() == 1
    assert pixels["class"].isna().equals(empty)
    assert pixels["spots_knn_score"].isna().equals(empty)
    assert not pixels.loc[empty, "spots_knn_abnormal"].any()
    abnormal = pixels["spots_knn_score"] > 0.5
    assert pixels["spots_knn_abnormal"].equals(abnormal)
    # A name that is taken already.
    assert set(pixels["annotation_class"]) == {"ü"}


def test_h5ad_as_anndata_reads_it(results, out, intensity):
    anndata = pytest.importorskip("anndata", reason="anndata is not installed")
    export("anndata", results, out)
    adata = anndata.read_h5ad(out / "liver.h5ad")
    np.testing.assert_array_equal(adata.X, intensity)
    pixels = results.pixels()
    for name in pixels:
        assert list(adata.obs[name].astype(object).fillna("-")) == list(
            pixels[name].astype(object).fillna("-")
        )
    assert list(adata.obs["class"].cat.categories) == list(NAMES)
    np.testing.assert_array_equal(adata.var["mz"], MZ)
    assert list(adata.var_names) == mz_names(MZ)
    places = np.column_stack([results.peaks.x, results.peaks.y])
    np.testing.assert_allclose(adata.obsm["spatial"], places * SIZES[results.peaks.sample])
    assert adata.uns["spatial_unit"] == "micrometer"
    np.testing.assert_array_equal(adata.uns["pixel_size"], SIZES)
    assert json.loads(adata.uns["imsforge"]["settings"]) == {"pixel_size": 10}
    # What it has read, it writes and reads again.
    adata.write_h5ad(out / "again.h5ad")
    np.testing.assert_array_equal(anndata.read_h5ad(out / "again.h5ad").X, intensity)


def test_h5ad_follows_the_specification(results, out, intensity):
    export("anndata", results, out)
    with h5py.File(out / "liver.h5ad") as file:
        assert dict(file.attrs) == {"encoding-type": "anndata", "encoding-version": "0.1.0"}
        marks = {}
        file.visititems(lambda name, node: marks.update({name: node.attrs.get("encoding-type")}))
        assert None not in marks.values()
        assert marks["X"] == "array"
        assert marks["obs"] == marks["var"] == "dataframe"
        assert marks["obs/class"] == "categorical"
        assert marks["obs/class/categories"] == marks["obs/_index"] == "string-array"
        assert marks["uns/imsforge/settings"] == "string"
        np.testing.assert_array_equal(file["X"], intensity)
        assert list(file["obs"].attrs["column-order"])[:4] == ["sample", "x", "y", "class"]
        assert file["obs/class/codes"][3] == -1


def test_h5ad_is_a_measurement_again(tmp_path, out, intensity):
    results = left_behind(tmp_path / "kidney", pixel_size=None)
    export("anndata", results, out)
    with h5py.File(out / "kidney.h5ad") as file:
        assert "pixel_size" not in file["uns"]
        np.testing.assert_array_equal(file["obsm/spatial"][:, 0], results.peaks.x)
        assert file["uns/spatial_unit"].asstr()[()] == "pixel"
    again = read_measurement(out / "kidney.h5ad", duplicate_pixel="skip")
    np.testing.assert_allclose(again.axis, MZ)
    assert "spots_knn_score" in again.annotations


def test_ome_tiff_as_tifffile_reads_it(results, out, intensity):
    export("ome-tiff", results, out)
    for sample, stem in zip(results.samples(), STEMS, strict=True):
        with tifffile.TiffFile(out / f"{stem}.ome.tiff") as file:
            assert file.is_ome
            ions, classes, scores = file.series
            told = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]
            column, row = sample.place
            np.testing.assert_array_equal(ions.asarray()[:, row, column], intensity[sample.rows].T)
            assert ions.asarray().sum() == pytest.approx(intensity[sample.rows].sum())
            np.testing.assert_array_equal(
                classes.asarray()[row, column], results.labels.label[sample.rows]
            )
            knn = results.pixels()["spots_knn_score"].to_numpy()[sample.rows]
            np.testing.assert_array_equal(scores.asarray()[0, row, column], knn)
            assert np.isfinite(scores.asarray()).sum() == 2 * np.isfinite(knn).sum()
        names = [channel["Name"] for channel in told[0]["Pixels"]["Channel"]]
        assert names == [f"m/z {name}" for name in mz_names(MZ)]
        assert [one["Name"] for one in told[2]["Pixels"]["Channel"]] == list(DETECTORS)
        for image in told:
            size = [image["Pixels"][f"PhysicalSize{axis}"] for axis in "XY"]
            assert size == sample.pixel_size
            assert image["Pixels"]["PhysicalSizeXUnit"] == "µm"
        assert told[1]["Description"] == f"1 {NAMES[0]}; 2 {NAMES[1]}"


def test_ome_tiff_of_unknown_sizes_tells_none(tmp_path, out):
    export("ome-tiff", left_behind(tmp_path / "x", pixel_size=None), out)
    with tifffile.TiffFile(out / f"{STEMS[0]}.ome.tiff") as file:
        assert "PhysicalSize" not in file.ome_metadata


def test_geojson_holds_classes_and_regions(results, out):
    shapely = pytest.importorskip("shapely")
    export("geojson", results, out)
    for sample, stem in zip(results.samples(), STEMS, strict=True):
        features = json.loads((out / f"{stem}.geojson").read_text("utf-8"))["features"]
        label = results.labels.label[sample.rows]
        for k, name in enumerate(NAMES, start=1):
            told = features[k - 1]["properties"]
            assert told["objectType"] == "annotation"
            assert told["name"] == told["classification"]["name"] == name
            assert all(0 <= part <= 255 for part in told["classification"]["color"])
            outline = shapely.geometry.shape(features[k - 1]["geometry"])
            assert outline.area == np.count_nonzero(label == k) == told["measurements"]["Area px"]
            area = np.prod(sample.pixel_size) / 1e6 * outline.area
            assert told["measurements"]["Area mm^2"] == pytest.approx(area)
            height, width = sample.shape
            assert outline.bounds[0] >= 0
            assert outline.bounds[2] <= width
            assert outline.bounds[3] <= height
        others = features[len(NAMES) :]
        assert others
        assert all(one["properties"]["name"].startswith("spots: region ") for one in others)
        # What QuPath reads, our own reader of its files reads too.
        assert len(read_regions(out / f"{stem}.geojson")) == len(features)


def test_imzml_as_pyimzml_and_ingestion_read_it(results, out, intensity):
    export("imzml", results, out)
    for sample, stem in zip(results.samples(), STEMS, strict=True):
        path = out / f"{stem}.imzML"
        with ImzMLParser(str(path)) as parser:
            assert len(parser.coordinates) == len(sample.rows)
            for k in (0, 5, len(sample.rows) - 1):
                mz, values = parser.getspectrum(k)
                np.testing.assert_array_equal(mz, MZ)
                np.testing.assert_array_equal(values, intensity[sample.rows[k]])
            places = np.array(parser.coordinates)[:, :2]
            assert parser.imzmldict["pixel size x"] == sample.pixel_size[0]
        assert (places >= 1).all()
        np.testing.assert_array_equal(np.ptp(places, axis=0) + 1, sample.shape[::-1])
        again = read_measurement(path)
        assert (again.mode, again.summary()["layout"]) == ("centroid", "continuous")
        np.testing.assert_array_equal(again.pixel_size, [sample.pixel_size])
        found = np.concatenate([block.intensity for block in again.blocks()])
        np.testing.assert_array_equal(found.reshape(-1, len(MZ)), intensity[sample.rows])


def user_params(path):
    from xml.etree import ElementTree

    tree = ElementTree.parse(path)
    space = "{http://psi.hupo.org/ms/mzml}"
    content = tree.find(f".//{space}fileContent")
    whole = {node.get("name"): node.get("value") for node in content.iter(f"{space}userParam")}
    spectra = [
        {node.get("name"): node.get("value") for node in spectrum.iter(f"{space}userParam")}
        for spectrum in tree.iter(f"{space}spectrum")
    ]
    return whole, spectra


def test_imzml_names_the_class_of_a_spectrum(results, out):
    export("imzml", results, out)
    sample = next(results.samples())
    whole, spectra = user_params(out / f"{sample.stem}.imzML")
    assert whole["imsforge content"] == "integrated peaks"
    label = results.labels.label[sample.rows]
    expected = [{"imsforge class": NAMES[k - 1]} if k else {} for k in label]
    assert spectra == expected


def test_generated_spectra_are_marked_as_synthetic(results, out):
    export("imzml", results, out)
    path = out / "full-vae+calibrate-synthetic.imzML"
    whole, spectra = user_params(path)
    assert "synthetic" in whole["imsforge content"]
    assert "vae+calibrate of the experiment full" in whole["imsforge generator"]
    folder = results.folder / "full/repeat-1"
    made = Resampled.read(folder / "vae+calibrate/resampled.h5").tasks["replace"]
    drawn = made["synthetic"]
    order = np.argsort(made["label"][drawn], kind="stable")
    expected = Features.read(folder / "scaled.h5").to_spectra(made["values"][drawn][order])
    names = [spectrum["imsforge class"] for spectrum in spectra]
    assert names == [NAMES[k - 1] for k in made["label"][drawn][order]]
    again = read_measurement(path)
    found = np.concatenate([block.intensity for block in again.blocks()]).reshape(-1, len(MZ))
    np.testing.assert_array_equal(found, np.maximum(expected, 0).astype(np.float32))
    assert (again.x.max(), again.y.max()) == (6, 5)  # 29 spectra
    assert again.pixel_size is None


def test_parquet_has_every_table(results, out):
    export("parquet", results, out)
    found = {str(path.relative_to(out)) for path in out.rglob("*.parquet")}
    assert found == {
        *("pixels.parquet", "peaks.parquet", "classes.parquet", "full/scores.parquet"),
        *("full/table.parquet", "anomaly/spots/regions.parquet"),
    }
    pd.testing.assert_frame_equal(
        pd.read_parquet(out / "full/table.parquet"),
        pd.read_csv(results.folder / "full/table.csv"),
        check_dtype=False,
    )
    pixels = pd.read_parquet(out / "pixels.parquet")
    assert list(pixels["class"].cat.categories) == list(NAMES)
    assert len(pixels) == len(results.peaks.x)


def test_latex_is_escaped_and_laid_out_with_booktabs(results, out):
    export("latex", results, out)
    text = (out / "full.tex").read_text("utf-8")
    assert text.count("\\toprule") == text.count("\\bottomrule") == 1
    assert "cortex\\_1 & 0.60 $\\pm$ 0.14 & 0.60 $\\pm$ 0.14" in text
    assert "medulla \\& <pelvis>" in text.replace("\\textless ", "<").replace("> ", ">")
    assert "\\multicolumn{2}{c}{vae+calibrate}" in text
    assert "nan" not in text.lower()


def test_latex_compiles(results, out):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    export("latex", results, out)
    head = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}"
    document = head + "\\input{full}\\end{document}"
    (out / "all.tex").write_text(document)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    run = subprocess.run(command, cwd=out, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-2000:]


def test_spatialdata_as_spatialdata_reads_it(results, out, intensity):
    spatialdata = pytest.importorskip("spatialdata", reason="spatialdata is not installed")
    export("spatialdata", results, out)
    store = spatialdata.read_zarr(out / "liver.zarr")
    assert store.coordinate_systems == ["global"]
    for sample in results.samples():
        key = f"liver_z{sample.index}"
        table = store.tables[key]
        np.testing.assert_array_equal(table.X, intensity[sample.rows])
        assert table.uns["spatialdata_attrs"]["region"] == f"{key}_pixels"
        squares = store.shapes[f"{key}_pixels"]
        np.testing.assert_allclose(squares.area, np.prod(sample.pixel_size))
        assert list(squares.index) == list(table.obs["instance_key"])
        np.testing.assert_allclose(squares.centroid.x, table.obsm["spatial"][:, 0])
        column, row = sample.place
        tic = np.asarray(store.images[f"{key}_tic"])[0]
        np.testing.assert_array_equal(
            tic[row, column], results.peaks.total_ion_current[sample.rows]
        )
        # Images and squares lie on each other.
        extent = spatialdata.get_extent(store.images[f"{key}_tic"])
        low, high = extent["x"]
        assert low == pytest.approx(-sample.pixel_size[0] / 2)
        assert high == pytest.approx((sample.shape[1] - 0.5) * sample.pixel_size[0])
        assert f"{key}_spots" in store.images


def test_without_spatialdata_one_line_says_what_to_do(results, out, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "spatialdata", None)
    with pytest.raises(ConfigError, match="run with --software-deployment-method conda"):
        export("spatialdata", results, out)
