"""The facts of a finished run."""

import platform
import re
from datetime import datetime, timedelta
from pathlib import Path

from imsforge.artifacts.checksums import describe_file
from imsforge.artifacts.text import read_json
from imsforge.study.code import versions
from imsforge.study.record.files import given_files, result_files

#: How `stage` begins each line of a log.
LOG_TIME = "%Y-%m-%d %H:%M:%S"

#: How `stage` ends a log.
DONE = re.compile(r": done in ([\d.]+) s, at most (\d+) MB of memory$", re.MULTILINE)

#: How a training names its device in its log.
TRAINED_ON = re.compile(r" on (cpu|cuda(?::\d+)?): ")


def describe_run(config, results, seeds, logs):
    """Return what a run was made of, in plain values.

    Parameters
    ----------
    config : dict, complete with defaults
    results : path, the folder that holds a finished run
    seeds : dict of str to int, the derived seeds by purpose
    logs : path, the folder of logs

    Returns
    -------
    dict
        ``config``, ``seed``, ``seeds``, ``device``, ``platform``, ``versions``, ``inputs`` and
        ``artifacts`` (path, bytes, sha256), ``stages`` (log, started, seconds, peak_memory_mb),
        ``started``, ``ended``. A stage that an earlier run finished keeps the times of that.
    """
    artifacts = [str(path) for path in result_files(config, results)]
    summaries = [read_json(path) for path in artifacts if Path(path).name == "ingest.json"]
    raw = [file for summary in summaries for file in summary["files"]]
    given = [describe_file(path) for path in given_files(config)]
    stages = list(_stages(Path(logs)))
    return {
        "config": config,
        "seed": config["seed"],
        "seeds": seeds,
        "device": {"asked": config["device"], "used": _devices(Path(logs))},
        "platform": {"system": platform.platform(), "machine": platform.machine()},
        "versions": versions(),
        "inputs": _unique([*raw, *given], artifacts),
        "artifacts": [describe_file(path) for path in artifacts],
        "stages": stages,
        "started": min((stage["started"] for stage in stages), default=None),
        "ended": max((stage["ended"] for stage in stages), default=None),
    }


def _unique(files, artifacts):
    """Leave out what the run made itself, a phantom, and name each file once."""
    return list({file["path"]: file for file in files if file["path"] not in artifacts}.values())


def _stages(logs):
    for log in sorted(logs.rglob("*.log")):
        text = log.read_text(encoding="utf-8")
        done = DONE.search(text)
        if done is None:
            continue
        started = datetime.strptime(text[: len("2000-01-01 00:00:00")], LOG_TIME).astimezone()
        seconds = float(done.group(1))
        yield {
            "log": str(log),
            "started": started.isoformat(),
            "ended": (started + timedelta(seconds=seconds)).isoformat(timespec="seconds"),
            "seconds": seconds,
            "peak_memory_mb": int(done.group(2)),
        }


def _devices(logs):
    """Return the devices that trainings ran on, as their logs have it."""
    texts = (log.read_text(encoding="utf-8") for log in logs.rglob("train_*.log"))
    return sorted({device for text in texts for device in TRAINED_ON.findall(text)})
