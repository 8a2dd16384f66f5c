"""Rules hold no logic, scripts no mathematics, the library no Snakemake."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml


def modules_imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def sources(root, folder):
    return sorted((root / folder).rglob("*.py"))


def top(module):
    return module.split(".")[0]


def test_rooms_import_in_one_direction(root):
    """No circles, the library without Snakemake, figures without files: see pyproject.toml."""
    program = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [program, "--no-logo", "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


def test_what_gets_arrays_opens_no_file(root):
    closed = {"anomaly", "evaluation", "factorization", "fidelity", "plots", "splits"}
    for path in sources(root, "src"):
        if path.parent.name in closed:
            assert ".open(" not in path.read_text(), path


def test_no_rule_names_a_folder_and_helpers_stay_few(root):
    """Results and logs lie where the study, or another workflow, has them."""
    for path in (root / "workflow").rglob("*"):
        if path.suffix == ".smk" or path.name == "Snakefile":
            text = path.read_text()
            assert not re.search(r"""["'](results|logs)/""", text), path
            assert "workflow.basedir" not in text, path
    helpers = (root / "workflow/rules/common.smk").read_text().splitlines()
    assert len(helpers) < 150


def test_no_pickle_anywhere(root):
    for path in [*sources(root, "src"), *sources(root, "scripts")]:
        banned = {"pickle", "joblib", "dill", "shelve"} & set(map(top, modules_imported(path)))
        assert not banned, path
        assert "torch.load" not in path.read_text(), path


def test_scripts_take_settings_from_params_alone(root):
    about = ("rule", "log[0]", "threads", "params.code")
    told = ", ".join(f"snakemake.{name}" for name in about)
    for path in sources(root, "scripts"):
        text = path.read_text()
        assert "snakemake.config" not in text, path
        assert len(text.splitlines()) < 45, path
        assert f"with stage({told}):" in text, path


def test_every_rule_with_a_script_is_complete(root):
    """A log, a benchmark, threads, resources, a message, and a digest of its code."""
    for path in sorted((root / "workflow" / "rules").glob("*.smk")):
        for body in re.split(r"^rule ", path.read_text(), flags=re.M)[1:]:
            name = body.split(":")[0]
            body = re.split(r"^use rule ", body, flags=re.M)[0]
            # What makes nothing is no stage, and not measured.
            # What may come from a cache is measured in its log alone.
            stage = "    output:" in body and "    cache:" not in body
            measured = ["benchmark"] if stage else []
            for directive in ("log", *measured, "threads", "resources", "message", "script"):
                assert f"    {directive}:" in body, (path.name, name, directive)
            assert "mem_mb=" in body, name
            assert "runtime=" in body, name
            assert re.search(r"code=(lambda wildcards: )?code\(", body), name


@pytest.fixture
def lock(root):
    lines = (root / "envs" / "requirements.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def test_the_lock_pins_every_requirement(root, lock):
    wanted = (root / "envs" / "requirements.in").read_text().splitlines()
    names = [re.split(r"\[", line)[0] for line in wanted if line and not line.startswith("#")]
    pinned = {name.lower().replace("_", "-") for name in lock}
    assert [name for name in names if name.lower() not in pinned] == []


def test_conda_environment_and_lock_are_equal(root, lock):
    environment = yaml.safe_load((root / "envs" / "imsforge.yaml").read_text())
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    python, pip, packages = environment["dependencies"]
    assert python == "python=3.11"
    assert pip == "pip"
    assert packages["pip"] == [f"{name}=={version}" for name, version in lock.items()]


def test_the_environment_of_spatialdata_is_pinned(root):
    environment = yaml.safe_load((root / "envs" / "spatialdata.yaml").read_text())
    python, pip, packages = environment["dependencies"]
    assert (python, pip) == ("python=3.13", "pip")
    pinned = dict(line.split("==") for line in packages["pip"])
    imported = {"spatialdata", "anndata", "geopandas", "shapely", "h5py", "numpy", "pandas"}
    assert imported | {"threadpoolctl", "tqdm"} <= set(pinned)


def test_the_library_s_requirements_are_in_the_lock(root, lock):
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    pinned = {name.lower() for name in lock}
    assert [name for name in project["dependencies"] if name.lower() not in pinned] == []


def test_containers_install_the_lock_on_the_same_python(root):
    for name in ("Dockerfile", "imsforge.def"):
        text = (root / "workflow" / "containers" / name).read_text()
        assert re.search(r"^F(?:ROM|rom:) python:3\.11-slim", text, flags=re.M), name
        assert "envs/requirements.txt /opt/imsforge/requirements.txt" in text, name
        assert "pip install --no-cache-dir -r /opt/imsforge/requirements.txt" in text, name
