"""Digests of code: what an edit runs again."""

import re
import shutil

import pytest

from imsforge.anomaly.registry import CRITIC, DETECTORS
from imsforge.anomaly.registry import modules_behind as detector_modules
from imsforge.export.registry import WRITERS
from imsforge.export.registry import modules_behind as export_modules
from imsforge.oversampling.registry import REFINEMENTS, SAMPLERS, modules_behind
from imsforge.seeding import derive_seed
from imsforge.study import code
from imsforge.study.code import WITHOUT_EFFECT, code_digest

MODULE = '"""A docstring."""\n\n\ndef double(x):\n    return 2 * x  # twice\n'


def test_seeds_differ_by_purpose_and_stay_the_same():
    seeds = {derive_seed(1, *keys) for keys in [(), ("split",), ("split", 1), ("split", 2), (1,)]}
    assert len(seeds) == 5
    assert derive_seed(2024, "split", 1) == 2208674318


def test_only_a_change_of_meaning_changes_the_digest(tmp_path):
    def digest(text):
        code._module.cache_clear()
        path = tmp_path / "script.py"
        path.write_text(text)
        return code_digest(path)

    first = digest(MODULE)
    assert digest(MODULE.replace("A docstring", "Other words")) == first
    assert digest(MODULE.replace("# twice", "# two times")) == first
    assert digest(MODULE.replace("2 * x", "3 * x")) != first


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of its own, and a function that digests a script of one line."""
    folder = tmp_path / "imsforge"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.setattr(code, "PACKAGE", folder)
    code._module.cache_clear()

    def digest(line):
        code._module.cache_clear()
        (tmp_path / "script.py").write_text(f"{line}\n")
        return code_digest(tmp_path / "script.py")

    yield folder, digest
    code._module.cache_clear()


def test_names_are_followed_through_packages_that_hand_them_on(package):
    folder, digest = package
    room = folder / "room"
    room.mkdir()
    (room / "__init__.py").write_text(
        "from imsforge.room.used import A\nfrom imsforge.room.unused import B\n"
    )
    (room / "used.py").write_text("A = 1\n")
    (room / "unused.py").write_text("B = 1\n")
    first = digest("from imsforge.room import A")
    (room / "unused.py").write_text("B = 2\n")
    assert digest("from imsforge.room import A") == first
    assert digest("from imsforge.room import unused") != first
    (room / "used.py").write_text("A = 2\n")
    assert digest("from imsforge.room import A") != first


def test_a_name_that_cannot_be_followed_is_an_error(package):
    _, digest = package
    with pytest.raises(LookupError, match="defines no A; import it from the module that does"):
        digest("from imsforge import A")
    with pytest.raises(LookupError, match="no module of"):
        digest("from imsforge.nowhere import A")


def test_a_file_that_a_module_names_counts(package):
    folder, digest = package
    (folder / "page.py").write_text('TEMPLATE = "page.html"\n')
    (folder / "page.html").write_text("one")
    (folder / "other.html").write_text("one")
    first = digest("from imsforge.page import TEMPLATE")
    (folder / "other.html").write_text("two")
    assert digest("from imsforge.page import TEMPLATE") == first
    (folder / "page.html").write_text("two")
    assert digest("from imsforge.page import TEMPLATE") != first


def test_each_script_depends_on_what_it_uses(root):
    digests = {path.stem: code_digest(path) for path in (root / "scripts").glob("*.py")}
    assert len(set(digests.values())) == len(digests)


def test_every_method_can_be_followed(root):
    for method in [*SAMPLERS, *(f"smote+{name}" for name in REFINEMENTS), "none"]:
        assert code_digest(root / "scripts/oversample.py", *modules_behind(method))


def test_every_detector_can_be_followed(root):
    for name in DETECTORS:
        assert code_digest(root / "scripts/detect_anomalies.py", *detector_modules([name]))


#: What draws spectra by a method, as the rule `oversample` has it.
METHODS = ("none", "smote", "cwgan-gp", "vae", "vae+calibrate")
DRAWN = {f"oversample {method}" for method in METHODS}
#: Maps of one detector, as the rule `detect_anomalies` has them.
MAPS = {f"detect_anomalies {name}" for name in ("knn", "mahalanobis", "discriminator", CRITIC)}
#: What the rule `export` writes, by format.
EXPORTS = {f"export {name}" for name in WRITERS}
NETWORKS = {"detect_anomalies discriminator", f"detect_anomalies {CRITIC}"}
TRAINED = {"train_gan", "train_together"}
FIGURES = {
    *("plot_classes", "plot_class_numbers", "plot_fidelity", "plot_frechet", "plot_peaks"),
    *("plot_recall_matrices", "plot_reliability", "plot_spectra", "plot_training"),
    *("anomaly_map", "plot_anomaly_ions"),
}
CLUSTERED = {"label", "scan_classes"}
ALL = None

#: Edit a module, and these scripts run again, and no others.
TABLE = {
    "scaling.py": {"scale"},
    "peaks/normalization.py": {"extract_peaks"},
    "peaks/peak_list.py": {"extract_peaks"},
    "ingest/policies.py": {"ingest"},
    "readers/imzml/parser.py": {"ingest"},
    "readers/hdf5/anndata.py": {"ingest"},
    "factorization/semi_orthogonal.py": CLUSTERED,
    "factorization/nmf.py": {"reduce"},
    "labels/regions.py": {"label", "select_healthy"},
    "labels/annotation_tables.py": {"label"},
    "readers/tabular/small.py": {"extract_peaks", "label"},
    "readers/tabular/dialect.py": {"ingest", "extract_peaks", "label"},
    "factorization/magnitude.py": CLUSTERED | {"reduce"},
    "factorization/subspace.py": CLUSTERED | {"reduce"},
    "labels/coherence.py": {"label", "report"},
    "labels/masks.py": {"label", "select_healthy"},
    "splits/pixels.py": {"split"},
    "splits/healthy.py": {"select_healthy"},
    "gan/training.py": TRAINED | {"oversample cwgan-gp", f"detect_anomalies {CRITIC}"},
    "gan/networks.py": TRAINED | {"oversample cwgan-gp"} | NETWORKS,
    "vae/settings.py": {"train_vae", "oversample vae", "oversample vae+calibrate"},
    "vae/training.py": {"train_vae", "oversample vae", "oversample vae+calibrate"},
    "oversampling/refinements.py": {"oversample vae+calibrate"},
    "oversampling/tasks.py": DRAWN,
    "oversampling/baselines.py": {"oversample smote"},
    "oversampling/controls.py": set(),
    "evaluation/classifiers.py": {"evaluate", "collect_scores", "report"},
    "evaluation/remedies.py": {"evaluate", "collect_scores", "report"},
    "evaluation/comparison.py": {"collect_scores", "report"},
    "evaluation/comparison_tables.py": {"collect_scores", "report"},
    "fidelity/frechet_table.py": {"assess_fidelity"},
    "fidelity/neighbours.py": {"assess_fidelity", "collect_fidelity", "plot_fidelity", "report"},
    "fidelity/membership.py": {"assess_fidelity", "collect_fidelity", "plot_fidelity", "report"},
    "fidelity/verdicts.py": {"collect_fidelity", "report"},
    "anomaly/detection.py": MAPS,
    "anomaly/cross_fitting.py": MAPS,
    "anomaly/tissue.py": MAPS,
    "anomaly/library.py": {"detect_anomalies knn"},
    "anomaly/gaussian.py": {"detect_anomalies mahalanobis"},
    "anomaly/ensemble.py": {"detect_anomalies discriminator"},
    "anomaly/critic.py": {f"detect_anomalies {CRITIC}"},
    "anomaly/registry.py": MAPS | {"anomaly_map", "report", "record"},
    "anomaly/summary.py": {"anomaly_map"},
    "anomaly/known.py": {"anomaly_map"},
    "anomaly/region_ions.py": {"anomaly_regions"},
    "ions.py": {"anomaly_regions", "class_ions", "plot_anomaly_ions"},
    "plots/reliability.py": {"plot_reliability"},
    "plots/matrices.py": {"plot_frechet", "plot_recall_matrices"},
    "plots/style.py": FIGURES | {"export geojson"},
    "export/results.py": EXPORTS,
    "export/registry.py": EXPORTS | {"report", "record"},
    "export/imzml.py": {"export imzml"},
    "export/anndata.py": {"export anndata", "export spatialdata"},
    "readers/imzml/writer.py": {"phantom", "export imzml"},
    "study/report/page.html.jinja": {"report"},
    "study/report/facts.py": {"report"},
    "study/record/crate.py": {"record"},
    "study/study.py": {"report", "record"},
    "study/anomaly_map.py": {"report", "record"},
    "phantom/chemistry.py": {"phantom"},
    "artifacts/hdf5.py": ALL,
    **{name: set() for name in WITHOUT_EFFECT},
    "oversampling/__init__.py": set(),
    "ingest/inspection.py": set(),
    "__main__.py": set(),
}


def digests(scripts):
    """Return the digests of all stages; of `oversample`, of each method, and so with maps."""
    code._module.cache_clear()
    found = {path.stem: code_digest(path) for path in scripts.glob("*.py")}
    del found["oversample"], found["detect_anomalies"], found["export"]
    for name in WRITERS:
        found[f"export {name}"] = code_digest(scripts / "export.py", *export_modules(name))
    for name in MAPS:
        script, detector = name.split()
        found[name] = code_digest(scripts / f"{script}.py", *detector_modules([detector]))
    for method in METHODS:
        modules = modules_behind(method)
        found[f"oversample {method}"] = code_digest(scripts / "oversample.py", *modules)
    return found


@pytest.fixture
def copied(root, tmp_path, monkeypatch):
    """A copy of the library that can be edited."""
    folder = tmp_path / "imsforge"
    shutil.copytree(root / "src/imsforge", folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "PACKAGE", folder)
    yield folder
    code._module.cache_clear()


def test_an_edited_module_runs_its_stages_again_and_no_others(root, copied):
    before = digests(root / "scripts")
    for name, wanted in TABLE.items():
        path = copied / name
        content = path.read_text()
        path.write_text(content + "\nEDITED = True\n")
        after = digests(root / "scripts")
        path.write_text(content)
        found = {stage for stage in before if before[stage] != after[stage]}
        if wanted is ALL:
            # Tables and figures read CSV alone.
            assert {"ingest", "extract_peaks", "label", "split", "evaluate"} <= found, name
        else:
            assert found == wanted, name


def test_every_stage_is_in_the_table(root):
    named = set().union(*(wanted for wanted in TABLE.values() if wanted is not ALL))
    named = {name.split()[0] for name in named} | {"verify"}
    assert {path.stem for path in (root / "scripts").glob("*.py")} - named == set()


def test_rules_are_digested_by_their_own_scripts(root):
    for path in (root / "workflow/rules").glob("*.smk"):
        for body in re.split(r"^rule ", path.read_text(), flags=re.M)[1:]:
            body = re.split(r"^use rule ", body, flags=re.M)[0]
            (script,) = re.findall(r"scripts/(\w+)\.py", body)
            digested = re.findall(r'\bcode\(\s*"(\w+)"', body)
            assert digested == [script], path
