"""What a result was made of: the code that a stage runs, and the versions it runs with."""

import ast
import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import imsforge

PACKAGE = Path(__file__).parent

PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "imbalanced-learn",
    "torch",
    "h5py",
    "pyimzML",
    "snakemake",
)


def versions():
    """Return the versions of what computes: this package, Python, and the libraries, by name."""
    found = {"imsforge": imsforge.__version__, "Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # the library works without the workflow's own packages
            continue
    return found


def code_digest(script):
    """Return a digest of a script and of all modules of this package that it comes to import.

    Comments, docstrings and layout do not count: only a change of what is computed makes a
    workflow run a stage again.
    """
    seen, waiting = set(), [Path(script)]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        waiting += _module(path)[1]
    code = sorted(_module(path)[0] for path in seen)  # the same wherever the files lie
    return hashlib.sha256("\n".join(code).encode()).hexdigest()[:16]


@cache
def _module(path):
    """Return the code of a module, stripped to its meaning, and the files it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [file for node in ast.walk(tree) for file in _imported(node)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:]
    return ast.dump(tree), imported


def _imported(node):
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
        names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    else:
        return []
    parts = [name.split(".")[1:] for name in names if name.split(".")[0] == PACKAGE.name]
    files = []
    for part in parts:
        # Importing a.b.c runs a/__init__ and a/b/__init__ too.
        files += [PACKAGE.joinpath(*part[:depth], "__init__.py") for depth in range(len(part) + 1)]
        files.append(
            PACKAGE.joinpath(*part).with_suffix(".py") if part else PACKAGE / "__init__.py"
        )
    return [file for file in files if file.is_file()]
