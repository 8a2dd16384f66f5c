"""What every script of the workflow does around its one library call."""

import logging
import os
import re
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from imsforge.errors import DamagedError, ImsforgeError

logger = logging.getLogger("imsforge")

OUT_OF_MEMORY = (
    "out of memory; run fewer stages at once (--cores 1), on a cluster ask for more "
    "(--set-resources train_gan:mem_mb=16000, with the stage's name), or use fewer features"
)


@contextmanager
def stage(name, log, threads=1, code=None):
    """Run a stage: a log that reads well, pinned threads, and errors in one line.

    The log says what was done, how long it took and what went wrong. An `ImsforgeError` ends the
    process with its one line on the terminal; anything else leaves its traceback in the log too.
    An artifact that turns out damaged is removed, so that the next run makes it anew.

    Parameters
    ----------
    name : str
        Name of the stage, for the log.
    log : path
        The log file, written anew.
    threads : int
        Upper limit for BLAS, OpenMP and torch; unpinned, they fight over the cores.
    code : str or None
        Digest of the code that runs, for the log.
    """
    _log_to(log)
    started = time.perf_counter()
    logger.info("%s: started on %d thread(s), code %s", name, threads, code)
    try:
        with limited_threads(threads):
            yield
    except DamagedError as error:
        Path(error.path).unlink(missing_ok=True)
        problem = f"{error.path}: damaged ({error.reason})"
        _give_up(name, f"{problem}; removed, run again to make it anew")
    except ImsforgeError as error:
        _give_up(name, error)
    except MemoryError:
        _give_up(name, OUT_OF_MEMORY)
    except Exception as error:
        # torch and SciPy have names of their own for it
        if "out of memory" in str(error).lower() or "can't allocate memory" in str(error):
            _give_up(name, OUT_OF_MEMORY)
        logger.exception("%s: failed", name)
        raise
    seconds, megabytes = time.perf_counter() - started, peak_memory()
    logger.info("%s: done in %.1f s, at most %d MB of memory", name, seconds, megabytes)


def share_package():
    """Let the processes that this one starts import the package that it has itself imported."""
    folder = str(Path(__file__).parents[1])
    before = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    others = [path for path in before if path not in ("", folder)]
    os.environ["PYTHONPATH"] = os.pathsep.join([folder, *others])


def peak_memory():
    """Return the most memory in MB that this process has held at once, shared libraries included.

    Its own, not that of the process it was forked from, as `getrusage` would have it; Linux only,
    0 elsewhere.
    """
    try:
        told = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return int(re.search(r"VmHWM:\s+(\d+) kB", told).group(1)) // 1000


def _give_up(name, message):
    logger.error("%s", message)
    print(f"imsforge: {name}: {message}", file=sys.stderr, flush=True)
    sys.exit(1)


@contextmanager
def limited_threads(threads):
    """Hold BLAS, OpenMP and, where it is in use, torch to a number of threads."""
    from threadpoolctl import threadpool_limits

    # A torch imported later takes OMP_NUM_THREADS, which the workflow sets to the same number.
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)
    with threadpool_limits(threads):
        yield


def _log_to(path):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
