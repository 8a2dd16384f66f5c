"""What every script of the workflow does around its one library call."""

import logging
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from imsforge.errors import ImsforgeError

logger = logging.getLogger("imsforge")


@contextmanager
def stage(name, log, threads=1):
    """Run a stage: a log that reads well, pinned threads, and errors in one line.

    The log says what was done, how long it took and what went wrong. An `ImsforgeError` ends the
    process with its one line on the terminal; anything else leaves its traceback in the log too.

    Parameters
    ----------
    name : str
        Name of the stage, for the log.
    log : path
        The log file, written anew.
    threads : int
        Upper limit for BLAS, OpenMP and torch; unpinned, they fight over the cores.
    """
    _log_to(log)
    started = time.perf_counter()
    logger.info("%s: started on %d thread(s)", name, threads)
    try:
        with limited_threads(threads):
            yield
    except ImsforgeError as error:
        logger.error("%s", error)
        print(f"imsforge: {name}: {error}", file=sys.stderr, flush=True)
        sys.exit(1)
    except Exception:
        logger.exception("%s: failed", name)
        raise
    logger.info("%s: done in %.1f s", name, time.perf_counter() - started)


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
