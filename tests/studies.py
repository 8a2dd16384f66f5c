"""Studies of seconds, and the real Snakefile run on them in a folder of its own."""

import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
import yaml

#: A study that runs in seconds and touches every stage.
TINY = {
    "seed": 1,
    "device": "cpu",
    "datasets": {
        "tiny": {
            "phantom": {"pixels": 900, "peaks": 60},
            "export": ["anndata", "ome-tiff", "geojson", "imzml", "parquet", "latex"],
            "labels": {"classes": 4},
            "experiments": {
                "nmf": {
                    "features": 8,
                    "methods": ["none", "smote", "cgan", "cwgan-gp"],
                    "repeats": 2,
                    "gan": {"updates": 40, "critic_steps": 2, "latent_size": 8},
                },
                "blocks": {
                    "classes": {"largest": 3},
                    "split": {"method": "blocks", "block_size": 4, "reserve_share": 0.3},
                    "features": "full",
                    "scaler": "sqrt",
                    "methods": ["none", "noise", "oracle", "vae+calibrate+filter", "noise+tuned"],
                    "tasks": ["oversample"],
                    "classifiers": ["lda", "nearest-neighbours"],
                    "repeats": 1,
                    "vae": {"updates": 40, "latent_size": 4, "hidden": 16},
                },
            },
            "anomaly": {
                "spots": {
                    "healthy": {"rectangle": [1, 1, 1000, 12]},
                    "features": 6,
                    "detectors": ["discriminator", "mahalanobis", "critic"],
                    "updates": 40,
                    "folds": 3,
                    "false_alarm_rate": 0.1,
                    "regions": {"min_pixels": 5},
                    "clusters": 3,
                    "gan": {"updates": 40, "critic_steps": 2, "latent_size": 8},
                }
            },
        }
    },
}


#: Results that say when they were made.
DATED = {"provenance.json", "ro-crate-metadata.json", ".snakemake_timestamp"}


class Workspace:
    """A working directory with a configuration, and snakemake to run in it."""

    def __init__(self, folder, root):
        self.folder = folder
        self.root = root
        (folder / "profiles").symlink_to(root / "workflow" / "profiles")

    def configure(self, config):
        (self.folder / "study.yaml").write_text(yaml.safe_dump(config))

    def command(self, *arguments, cores=2):
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(self.root / "Snakefile")]
        return [*command, "--configfile", "study.yaml", "--cores", str(cores), *arguments]

    def snakemake(self, *arguments, cores=2, timeout=1800, **options):
        return subprocess.run(
            self.command(*arguments, cores=cores),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            **options,
        )

    def start(self, *arguments, cores=2):
        """Start snakemake in a process group of its own, so that all of it can be killed."""
        return subprocess.Popen(
            self.command(*arguments, cores=cores),
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def copy(self, folder, root=None):
        """Return a copy, with what Snakemake remembers of the run; time stamps stay.

        With ``root``, the workflow of another checkout runs in it.
        """
        other = Workspace(folder, root or self.root)
        for name in ("results", "logs", ".snakemake", "study.yaml"):
            source = self.folder / name
            if source.is_dir():
                shutil.copytree(source, folder / name)
            else:
                shutil.copy2(source, folder / name)
        return other

    def bytes_of_results(self, below=""):
        """Return the content of every result, by path; what a run tells of itself is left out."""
        folder = self.folder / "results"
        files = [
            path
            for path in (folder / below).rglob("*")
            if path.is_file() and path.name not in DATED
        ]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    def planned(self, *arguments):
        """Return how often each rule would run."""
        run = self.snakemake("--dry-run", *arguments)
        assert run.returncode == 0, run.stderr
        return parse_plan(run.stdout + run.stderr)


def parse_plan(text):
    plan, inside = {}, False
    for line in text.splitlines():
        if line.startswith("job ") and "count" in line:
            inside = True
        elif inside and line.startswith("total"):
            break
        elif inside and line[:1].isalpha():
            rule, count = line.split()
            plan[rule] = int(count)
    return plan


def declared_resources(root):
    """Return memory in MB, what it grows by with each MB of input, and minutes of each rule."""
    told = {}
    for path in (root / "workflow/rules").glob("*.smk"):
        text = path.read_text()
        own = re.findall(r"^rule (\w+):\n(.*?)(?=^(?:use )?rule |\Z)", text, flags=re.M | re.S)
        for name, body in own:
            base, grows = re.search(r"mem_mb=memory\((\d+)(?:, (\d+))?\)", body).groups()
            (time_limit,) = re.search(r"runtime=minutes\((\d+)\)", body).groups()
            told[name] = int(base), int(grows or 0), int(time_limit)
    told |= {"reduce_healthy": told["reduce"], "scale_healthy": told["scale"]}
    return told | {"train_healthy": told["train_gan"]}


@pytest.fixture
def workspace(tmp_path, root):
    return Workspace(tmp_path, root)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, root):
    """A folder in which the tiny study has run to its end. Tests must not change its files."""
    workspace = Workspace(tmp_path_factory.mktemp("finished"), root)
    workspace.configure(TINY)
    run = workspace.snakemake()
    assert run.returncode == 0, run.stderr
    return workspace


@pytest.fixture
def measurement(tmp_path):
    """An HDF5 file with two classes of 60 and 59 pixels, and one of a single pixel."""
    rng = np.random.default_rng(0)
    path = tmp_path / "own measurement.h5"
    label = np.repeat([1, 2, 3], [60, 59, 1])
    with h5py.File(path, "w") as file:
        file["intensity"] = rng.gamma(1.0, 100.0, size=(120, 10)).astype(np.float32)
        file["mz"] = np.linspace(400, 500, 10)
        file["x"], file["y"] = np.arange(120) % 12, np.arange(120) // 12
        file["tissue"] = label
    return path
