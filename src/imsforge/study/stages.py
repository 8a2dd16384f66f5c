"""Stages of a study, and the folders that they leave files in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    """One job of a study.

    Attributes
    ----------
    rule, script : str, their names
    files : tuple of str, the paths of the artifacts that it makes
    log : str, its path
    outputs : tuple of str, what its rule declares: the files, or the folder that holds them
    folders : tuple of str, the paths of folders for files that only the data name
    """

    rule: str
    script: str
    files: tuple
    log: str
    outputs: tuple
    folders: tuple = ()


@dataclass(frozen=True)
class Folder:
    """Where something of a study keeps its files, and where its stages keep their logs."""

    results: str
    logs: str

    def __truediv__(self, name):
        return Folder(f"{self.results}/{name}", f"{self.logs}/{name}")

    def file(self, name):
        """Return the path of a file."""
        return f"{self.results}/{name}"

    def stage(self, script, *files, rule=None, whole=False, folders=()):
        """Return a stage that makes files and folders in this folder, or the ``whole`` folder."""
        paths, inner = (tuple(map(self.file, names)) for names in (files, folders))
        outputs = (self.results,) if whole else paths + inner
        return Stage(rule or script, script, paths, f"{self.logs}/{script}.log", outputs, inner)

    def figure(self, name):
        """Return the stage that draws a figure in this folder, as PNG and SVG."""
        return self.stage(f"plot_{name}", f"{name}.png", f"{name}.svg")


def without(settings, *keys):
    """Return settings but for some keys."""
    return {key: value for key, value in settings.items() if key not in keys}
