"""Which files of a results folder belong to a study."""

from pathlib import Path

from imsforge.labels.files import label_files
from imsforge.study.config import generator_of


def result_files(config, results):
    """Return the files that a study made, sorted; what other studies left there is no part of it.

    Parameters
    ----------
    config : dict, complete with defaults
    results : path
    """
    results = Path(results)
    files = [results / "report.html"]
    for name, dataset in config["datasets"].items():
        folder = results / name
        files += [*_files(folder), *_files(folder / "phantom")]
        for experiment, settings in dataset["experiments"].items():
            files += _files(folder / experiment)
            for repeat in range(1, settings["repeats"] + 1):
                place = folder / experiment / f"repeat-{repeat}"
                files += _files(place)
                for folder_name in _method_folders(settings["methods"]):
                    files += _files(place / folder_name)
        for anomaly in dataset["anomaly"]:
            files += _files(folder / "anomaly" / anomaly)
    return sorted(files)


def _method_folders(methods):
    """Return the folders of methods, and of the generators whose networks refinements draw from."""
    return sorted({*methods, *map(generator_of, methods)})


def _files(folder):
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if path.is_file() and path.name[0] != "."]


def given_files(config):
    """Return the paths of files that a study names beside raw measurements."""
    files = []
    for dataset in config["datasets"].values():
        files.append(dataset["peaks"]["list"])
        files += label_files(dataset["labels"]["file"]) if dataset["labels"].get("file") else []
        files += [anomaly["healthy"].get("mask") for anomaly in dataset["anomaly"].values()]
    return sorted({str(path) for path in files if path})
