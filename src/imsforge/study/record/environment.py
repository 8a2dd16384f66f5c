"""What a run was made with: versions, the machine, the commit; and the files of the workflow."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from threadpoolctl import threadpool_info

import imsforge

#: Whatever may influence a result, by the names of their distributions.
PACKAGES = (
    "h5py",
    "hdf5plugin",
    "imbalanced-learn",
    "jinja2",
    "joblib",
    "jsonschema",
    "matplotlib",
    "numpy",
    "pandas",
    "pillow",
    "pyarrow",
    "pybaselines",
    "pyimzML",
    "PyYAML",
    "rocrate",
    "safetensors",
    "scikit-learn",
    "scipy",
    "snakemake",
    "tabulate",
    "threadpoolctl",
    "tifffile",
    "torch",
    "tqdm",
)

_PACKAGE = Path(imsforge.__file__).parent

#: Of a checkout: what runs, and what it needs to run again.
_CODE = ("Snakefile", "pyproject.toml", "LICENSE", "config", "envs", "scripts", "src", "workflow")
#: What tools leave there.
_LEFT_OUT = ("__pycache__", ".egg-info", ".ipynb_checkpoints")


def versions():
    """Return the versions of what computes: this package, Python, and the libraries, by name."""
    found = {"imsforge": imsforge.__version__, "Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # the library works without the workflow's own packages
            continue
    return found


def machine():
    """Return on what kind of machine results were made, as plain values."""
    blas = threadpool_info()
    return {
        "system": platform.platform(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "blas": sorted(
            {
                " ".join(str(lib.get(key) or "") for key in ("internal_api", "version")).strip()
                + (f" for {lib['architecture']}" if lib.get("architecture") else "")
                for lib in blas
            }
        ),
    }


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def checkout():
    """Return the folder of the checkout that this package runs from, or None if installed."""
    root = _PACKAGE.parents[1]
    return root if (root / "workflow" / "Snakefile").is_file() else None


def commit():
    """Return the commit of the checkout, and whether what runs is as committed; else None."""
    root = checkout()
    head = root and _git(root, "rev-parse", "HEAD")
    if not head:
        return {"commit": None, "clean": None}
    present = [name for name in _CODE if (root / name).exists()]
    changed = _git(root, "status", "--porcelain", "--", *present)
    return {"commit": head, "clean": changed == ""}


def _git(root, *arguments):
    """Return what git says, or None where it cannot say anything."""
    try:
        run = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return run.stdout.strip() if run.returncode == 0 else None


def copy_code(folder):
    """Copy the files of the workflow and this package; where it is installed, the package alone.

    Parameters
    ----------
    folder : path, made anew

    Returns
    -------
    list of str, the paths of the copies within ``folder``, sorted
    """
    root, folder = checkout(), Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    base = root or _PACKAGE.parents[0]
    tops = [base / name for name in _CODE] if root else [_PACKAGE]
    copied = []
    for file in sorted(file for top in tops for file in _files(top)):
        name = file.relative_to(base)
        target = folder / (name if root else Path("src") / name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        copied.append(target.relative_to(folder).as_posix())
    return copied


def _files(top):
    if top.is_file():
        return [top]
    inside = (file for file in top.rglob("*") if file.is_file())
    return [file for file in inside if not _is_left_out(file.relative_to(top))]


def _is_left_out(path):
    return any(part.endswith(_LEFT_OUT) for part in path.parts)
