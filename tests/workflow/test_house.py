"""Rules hold no logic, scripts no mathematics, the library no Snakemake."""

import ast
import re

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


def test_the_library_knows_no_snakemake(root):
    users = [p for p in sources(root, "src") if "snakemake" in map(top, modules_imported(p))]
    assert users == []


def top(module):
    return module.split(".")[0]


def test_files_are_read_and_written_in_io_alone(root):
    """Plots, evaluation and the like get arrays, never paths."""
    closed = ("plots", "evaluation", "factorization", "spectra/normalization.py")
    for path in sources(root, "src"):
        if any(part in str(path.relative_to(root)) for part in closed):
            assert "h5py" not in map(top, modules_imported(path)), path
            assert ".open(" not in path.read_text(), path


def test_no_pickle_anywhere(root):
    for path in [*sources(root, "src"), *sources(root, "scripts")]:
        banned = {"pickle", "joblib", "dill", "shelve"} & set(map(top, modules_imported(path)))
        assert not banned, path
        assert "torch.load" not in path.read_text(), path


def test_scripts_take_settings_from_params_alone(root):
    for path in sources(root, "scripts"):
        text = path.read_text()
        assert "snakemake.config" not in text, path
        assert len(text.splitlines()) < 45, path
        assert "with stage(snakemake.rule, snakemake.log[0], snakemake.threads):" in text, path


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
            assert "code=code(" in body, name


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
