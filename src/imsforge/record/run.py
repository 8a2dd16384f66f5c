"""The facts of a finished run."""

import platform
import re
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from imsforge.io.fingerprint import describe_file
from imsforge.io.tables import read_json
from imsforge.provenance import versions
from imsforge.record.files import given_files, result_files

#: How `stage` begins each line of a log.
LOG_TIME = "%Y-%m-%d %H:%M:%S"

#: How a training names its device in its log.
TRAINED_ON = re.compile(r" on (cpu|cuda(?::\d+)?): ")


def describe_run(config, results, seeds, logs):
    """Return what a run was made of, in plain values.

    Parameters
    ----------
    config : dict, complete with defaults
    results : path, the folder that holds a finished run
    seeds : dict of str to int, the derived seeds by purpose
    logs : path, the folder of logs and benchmarks

    Returns
    -------
    dict
        ``config``, ``seed``, ``seeds``, ``device``, ``platform``, ``versions``, ``inputs`` and
        ``artifacts`` (path, bytes, sha256), ``stages`` (log, started, seconds, max_rss_mb),
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
    for benchmark in sorted(logs.rglob("*.benchmark.tsv")):
        log = benchmark.with_name(benchmark.name.replace(".benchmark.tsv", ".log"))
        measured = pd.read_csv(benchmark, sep="\t", na_values="-").iloc[0]
        started = _started(log)
        if started is None:
            continue
        yield {
            "log": str(log),
            "started": started.isoformat(),
            "ended": (started + timedelta(seconds=float(measured["s"]))).isoformat(),
            "seconds": float(measured["s"]),
            "max_rss_mb": None if pd.isna(measured["max_rss"]) else float(measured["max_rss"]),
        }


def _devices(logs):
    """Return the devices that trainings ran on, as their logs have it."""
    texts = (log.read_text(encoding="utf-8") for log in logs.rglob("train_gan.log"))
    return sorted({device for text in texts for device in TRAINED_ON.findall(text)})


def _started(log):
    try:
        with log.open(encoding="utf-8") as file:
            return datetime.strptime(file.readline()[:19], LOG_TIME).astimezone()
    except (OSError, ValueError):
        return None
