"""The code behind a stage, as a digest: edited code reruns the stages that use it, no others."""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

#: What no result depends on, by place in the package: how stages are wrapped, what goes wrong and
#: how it is told, how files take their places, bars on a terminal.
WITHOUT_EFFECT = ("errors.py", "stage.py", "artifacts/atomic.py", "gan/display.py")


def code_digest(script, *modules):
    """Return a digest of a script and of all modules of this package that it comes to use.

    Names are followed to the modules that define them, not to packages that only hand them on.
    Comments, docstrings and layout do not count, nor do modules `WITHOUT_EFFECT`. A file beside a
    module that the module names, such as a template, counts with it.

    Parameters
    ----------
    script : path
    *modules : str
        Further modules by full name, where a name in a table decides which are used.

    Returns
    -------
    str

    Raises
    ------
    LookupError
        If a name cannot be followed; a digest without it would be too narrow.
    """
    seen, waiting = set(), [Path(script), *(_defining(name, None) for name in modules)]
    while waiting:
        path = waiting.pop()
        if path not in seen and not _is_without_effect(path):
            seen.add(path)
            waiting += _module(path)[1]
    code = sorted(_module(path)[0] for path in seen)  # the same wherever the files lie
    return hashlib.sha256("\n".join(code).encode()).hexdigest()[:16]


@cache
def _module(path):
    """Return the code of a module, stripped to its meaning, and the modules that it uses."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    used = [_defining(*name) for node in ast.walk(tree) for name in _imported(node)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:]
    return "\n".join([ast.dump(tree), *_named_files(path, tree)]), used


def _imported(node):
    """Return what a node imports from this package: pairs of a module and a name in it, or None."""
    if isinstance(node, ast.Import):
        pairs = [(alias.name, None) for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
        pairs = [(node.module, alias.name) for alias in node.names]
    else:
        return []
    return [pair for pair in pairs if pair[0].split(".")[0] == PACKAGE.name]


def _defining(module, name):
    """Return the file that defines a name of a module; without a name, that of the module."""
    folder = PACKAGE.joinpath(*module.split(".")[1:])
    file = folder.with_suffix(".py")
    if file.is_file():
        return file
    package = folder / "__init__.py"
    if not package.is_file():
        raise LookupError(f"{module}: no module of {PACKAGE}")
    if name is None:
        return package
    for inner in (folder / f"{name}.py", folder / name / "__init__.py"):
        if inner.is_file():
            return inner
    tree = ast.parse(package.read_text(encoding="utf-8"))
    if name in _defined(tree):
        return package
    handed_on = [
        pair
        for node in ast.walk(tree)
        for pair in _imported(node)
        if pair[1] == name and pair[0] != module
    ]
    if not handed_on:
        raise LookupError(f"{package}: defines no {name}; import it from the module that does")
    return _defining(*handed_on[0])


def _defined(tree):
    """Return the names that a module's own statements define."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


def _named_files(path, tree):
    """Return digests of the files beside a module of this package that its text names."""
    if not path.is_relative_to(PACKAGE):
        return []
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    files = [file for file in sorted(path.parent.iterdir()) if file.is_file()]
    return [
        hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.suffix != ".py" and file.name in texts
    ]


def _is_without_effect(path):
    return path.is_relative_to(PACKAGE) and (path.relative_to(PACKAGE).as_posix() in WITHOUT_EFFECT)
