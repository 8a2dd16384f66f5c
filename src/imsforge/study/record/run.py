"""The facts of a finished run."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from imsforge.artifacts.checksums import describe_file
from imsforge.artifacts.text import read_json, write_json
from imsforge.errors import DataError
from imsforge.study.record.environment import commit, machine, versions

#: How `stage` begins each line of a log.
LOG_TIME = "%Y-%m-%d %H:%M:%S"

#: How `stage` begins and ends a log.
CODE = re.compile(r": started on \d+ thread\(s\), code (\w+)$", re.MULTILINE)
DONE = re.compile(r": done in ([\d.]+) s, at most (\d+) MB of memory$", re.MULTILINE)

#: How a training names its device in its log.
TRAINED_ON = re.compile(r" on (cpu|cuda(?::\d+)?): ")

#: Where a run notes when it began, among the logs.
BEGUN = "begun.json"


def begin_run(logs):
    """Note that a run begins.

    Parameters
    ----------
    logs : path, the folder of logs
    """
    write_json({"started": _told(datetime.now())}, Path(logs) / BEGUN)


def describe_run(study, sources=()):
    """Return what a run was made of, in plain values.

    Parameters
    ----------
    study : Study, finished
    sources : list of str
        The addresses that the files of the workflow were fetched from, the main one first; empty
        where they lie beside this package.

    Returns
    -------
    dict
        ``config``, ``seed``, ``seeds``, ``device``, ``machine``, ``versions``, ``code`` (sources;
        commit and clean, of the checkout that this package runs from), ``inputs`` and
        ``artifacts`` (path, bytes, sha256), ``stages`` (rule, log, code, started, ended, seconds,
        peak_memory_mb), ``started``, ``ended``. A stage that an earlier run finished keeps the
        times and the digest of the code of that; a stage whose files came from a cache between
        workflows has no log and is not listed.

    Raises
    ------
    DataError
        If an artifact is missing.
    """
    artifacts = [*study.artifacts, *_inside(study.folders)]
    summaries = [read_json(dataset.folder.file("ingest.json")) for dataset in study.datasets]
    raw = [file for summary in summaries for file in summary["files"]]
    given = [describe_file(path) for path in study.given_files]
    stages = [facts for stage in study.stages for facts in _facts(stage)]
    return {
        "config": study.config,
        "seed": study.config["seed"],
        "seeds": study.seeds,
        "device": {"asked": study.config["device"], "used": _devices(study)},
        "machine": machine(),
        "versions": versions(),
        "code": {"sources": list(sources), **commit()},
        "inputs": _unique([*raw, *given], artifacts),
        "artifacts": [_described(path) for path in sorted(artifacts)],
        "stages": stages,
        "started": _started(study, stages),
        "ended": max((stage["ended"] for stage in stages), default=None),
    }


def _inside(folders):
    """Return the paths of the files in folders, but for Snakemake's own."""
    paths = (path for folder in folders for path in Path(folder).rglob("[!.]*"))
    return [str(path) for path in paths if path.is_file()]


def _described(path):
    if not Path(path).is_file():
        raise DataError(f"{path}: is missing; run the workflow again")
    return describe_file(path)


def _unique(files, artifacts):
    """Leave out what the run made itself, a phantom, and name each file once."""
    made = set(artifacts)
    return list({file["path"]: file for file in files if file["path"] not in made}.values())


def _started(study, stages):
    """Return when the run began; where it noted nothing, when its first stage did."""
    try:
        return read_json(Path(study.folder.logs) / BEGUN)["started"]
    except DataError:
        return min((stage["started"] for stage in stages), default=None)


def _facts(stage):
    """Return in a list what the log of a stage tells; an empty one where there is none."""
    text = _text(stage)
    done, code = DONE.search(text), CODE.search(text)
    if done is None:
        return []
    started = datetime.strptime(text[: len("2000-01-01 00:00:00")], LOG_TIME)
    seconds = float(done.group(1))
    facts = {
        "rule": stage.rule,
        "log": stage.log,
        "code": code and code.group(1),
        "started": _told(started),
        "ended": _told(started + timedelta(seconds=seconds)),
        "seconds": seconds,
        "peak_memory_mb": int(done.group(2)),
    }
    return [facts]


def _devices(study):
    """Return the devices that trainings ran on, as their logs have it."""
    texts = (_text(stage) for stage in study.stages if stage.script.startswith("train_"))
    return sorted({device for text in texts for device in TRAINED_ON.findall(text)})


def _text(stage):
    log = Path(stage.log)
    return log.read_text(encoding="utf-8") if log.is_file() else ""


def _told(moment):
    """Tell a local time with its zone, in whole seconds: crates take no fractions."""
    return moment.astimezone().isoformat(timespec="seconds")
