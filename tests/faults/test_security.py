"""Nothing executable in an artifact; names from outside reach no shell and no other folder."""

import ast
import copy
import pickle
import pickletools
import re
import subprocess

import h5py
import numpy as np
import pytest
import yaml
from studies import TINY

from imsforge.artifacts.contract import Labels
from imsforge.artifacts.figures import save_figure
from imsforge.errors import ConfigError
from imsforge.plots.maps import plot_classes
from imsforge.study.config import validate_config

EVIL = "<script>alert(1)</script>"
LOADERS = {"pickle", "cPickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}


def python_files(root):
    for folder in ("src", "scripts", "benchmarks"):
        yield from (root / folder).rglob("*.py")


def test_no_code_loads_or_writes_pickle(root):
    for path in python_files(root):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Call):
                keywords = {word.arg: word.value for word in node.keywords}
                allowed = keywords.get("allow_pickle")
                assert allowed is None or allowed.value is False, path
                names = [ast.unparse(node.func)]
                assert names[0] not in ("torch.load", "torch.save", "eval", "exec"), path
                assert not names[0].endswith(("read_pickle", "to_pickle")), path
            else:
                continue
            assert not LOADERS & {name.split(".")[0] for name in names}, path


def test_nothing_is_run_by_a_shell(root):
    rules = [*(root / "workflow/rules").glob("*.smk"), root / "workflow/Snakefile"]
    for path in [*python_files(root), *rules]:
        text = path.read_text()
        assert not re.search(r"^\s*shell:|shell=True|os\.system|os\.popen", text, flags=re.M), path


def is_pickle(content):
    try:
        return len([code for code, _, _ in pickletools.genops(content) if code.name != "STOP"]) > 1
    except Exception:  # whatever is no pickle fails in ways of its own
        return False


def check_kind(name, node):
    """A pickle in an HDF5 file would be an opaque dataset."""
    if isinstance(node, h5py.Dataset):
        assert node.dtype.kind in "biuf" or h5py.check_string_dtype(node.dtype), name


@pytest.mark.workflow
def test_no_artifact_is_or_holds_a_pickle(finished):
    text = {".csv", ".json", ".geojson", ".md", ".html"}
    kinds = {".h5", ".safetensors", ".png", ".svg"} | text
    exported = {".h5ad", ".tiff", ".parquet", ".tex", ".imzML", ".ibd"}
    for name, content in finished.bytes_of_results().items():
        suffix = "." + name.rsplit(".", 1)[-1]
        assert not is_pickle(content), name
        if name.startswith("code/"):  # the text of the workflow, for those who read the record
            assert b"\0" not in content, name
            continue
        assert suffix in kinds | exported, name
        if suffix in {".h5", ".h5ad"}:
            with h5py.File(finished.folder / "results" / name) as file:
                file.visititems(check_kind)


def test_the_scan_knows_a_pickle():
    assert is_pickle(pickle.dumps({"a": [1, 2]}))
    assert not is_pickle(b"\x89HDF\r\n\x1a\n")


BAD_NAMES = [
    "../up",
    "/etc",
    "a b",
    "a;rm",
    "$(id)",
    "`id`",
    EVIL,
    "",
    ".hidden",
    "a\nb",
    "{x}",
]


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("kind", ["dataset", "experiment", "anomaly"])
def test_names_that_are_no_plain_folders_are_refused(root, kind, name):
    config = copy.deepcopy(TINY)
    datasets = config["datasets"]
    if kind == "dataset":
        datasets[name] = datasets.pop("tiny")
    else:
        section = datasets["tiny"]["experiments" if kind == "experiment" else "anomaly"]
        section[name] = section.pop("nmf" if kind == "experiment" else "spots")
    with pytest.raises(ConfigError):
        validate_config(config, root / "workflow/schemas/config.schema.yaml")


@pytest.mark.parametrize("name", ["{dataset}.h5", "<results>.h5", "a {x} b.h5"])
def test_files_named_like_placeholders_are_refused(root, measurement, name):
    """Snakemake would fill them in, and read another file than the one that was meant."""
    path = measurement.rename(measurement.with_name(name))
    labels = {"method": "column", "column": "tissue"}
    config = {"datasets": {"own": {"input": str(path), "labels": labels}}}
    with pytest.raises(ConfigError, match=r"own\.input: .* are Snakemake's placeholders; rename"):
        validate_config(config, root / "workflow/schemas/config.schema.yaml")


@pytest.mark.workflow
def test_wildcards_do_not_leave_the_results(workspace):
    workspace.configure(TINY)
    for target in ("results/tiny/../../escape/peaks.h5", "results/../tiny/peaks.h5"):
        run = workspace.snakemake("--dry-run", target)
        assert run.returncode != 0, target
    assert "escape" not in {path.name for path in workspace.folder.iterdir()}


def test_figures_escape_the_names_of_classes(tmp_path, peaks, labels):
    labels = Labels(labels.label, np.array([EVIL, "<b>&"]))
    save_figure(plot_classes(peaks, labels), tmp_path / "a.png", tmp_path / "a.svg")
    assert "<script" not in (tmp_path / "a.svg").read_text()
    assert "&lt;script&gt;" in (tmp_path / "a.svg").read_text()


@pytest.mark.workflow
def test_names_from_outside_stay_text(workspace, measurement):
    """A file and classes whose names a shell, Snakemake or a browser would take for commands."""
    measurement = measurement.rename(measurement.with_name("$(touch owned); $HOME '`id`'.h5"))
    with h5py.File(measurement, "r+") as file:
        del file["tissue"]
        file["tissue"] = np.repeat([EVIL, "$(touch owned)"], 60).astype("S")
    study = {
        "input": str(measurement),
        "labels": {"method": "column", "column": "tissue"},
        "experiments": {"few": {"features": 4, "methods": ["none"], "repeats": 1}},
    }
    workspace.configure({"device": "cpu", "datasets": {"own": study}})
    run = workspace.snakemake("report")
    assert run.returncode == 0, run.stderr
    page = (workspace.folder / "results/report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    for path in (workspace.folder / "results").rglob("*.svg"):
        assert "<script" not in path.read_text(), path
    assert not list(workspace.folder.rglob("owned"))


def test_the_lock_names_no_package_twice(root):
    environment = yaml.safe_load((root / "envs/imsforge.yaml").read_text())
    names = [line.split("==")[0].lower() for line in environment["dependencies"][-1]["pip"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("content", "status", "fails", "says"),
    [
        ('{"dependencies": [{"name": "a", "vulns": []}]}', 0, False, "no known vulnerability in"),
        ('{"dependencies": [{"name": "a", "vulns": ["CVE"]}]}', 1, True, "CVE"),
        ('{"dependencies": [{"name": "a", "skip_reason": "?"}]}', 0, False, "NOT audited, 1 pack"),
        ("", 1, False, "NOT audited, the vulnerability database cannot be reached"),
    ],
    ids=["clean", "vulnerable", "unknown to the database", "no network"],
)
def test_an_audit_says_what_it_did(root, tmp_path, content, status, fails, says):
    """With stand-ins for the tools: what cannot be looked up is not called sound."""
    (tmp_path / "envs").symlink_to(root / "envs")
    (tmp_path / "build/audit/bin").mkdir(parents=True)
    script = (
        f"#!/bin/sh\n[ -z '{content}' ] || echo '{content}' > build/audit.json\nexit {status}\n"
    )
    for tool, text in (("pip-audit", script), ("cyclonedx-py", "#!/bin/sh\n")):
        path = tmp_path / "build/audit/bin" / tool
        path.write_text(text)
        path.chmod(0o755)
    (tmp_path / "build/audit/.ready").touch()
    run = subprocess.run(
        ["make", "--file", str(root / "Makefile"), "audit"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode != 0) == fails, run.stderr
    assert says in run.stdout
