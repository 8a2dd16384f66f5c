"""The folder of a run: used twice at once, read-only, or with a clock that was set back."""

import os
import shutil
import signal
import subprocess
import time

import pytest

from imsforge.artifacts.text import write_text
from imsforge.errors import OutputError

pytestmark = pytest.mark.workflow

MODEL = "results/tiny/nmf/repeat-1/cwgan-gp/model.safetensors"


def test_a_second_run_in_one_folder_says_so_and_stops(study, finished):
    (study.folder / MODEL).unlink()
    locks = study.folder / ".snakemake" / "locks"
    first = study.start(MODEL)
    while not any(locks.glob("*.lock")):
        assert first.poll() is None
        time.sleep(0.02)
    # Held, so that it cannot be done before the second has looked.
    os.killpg(first.pid, signal.SIGSTOP)
    try:
        second = study.snakemake(MODEL)
    finally:
        os.killpg(first.pid, signal.SIGCONT)
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.stdout + second.stderr
    assert first.wait(timeout=600) == 0
    assert study.bytes_of_results() == finished.bytes_of_results()


def test_a_folder_that_nothing_may_be_written_to():
    """/sys takes no files, not even from root."""
    with pytest.raises(OutputError, match=r"cannot be written .*; make the folder writable"):
        write_text("a", "/sys/imsforge.txt")


def test_read_only_results_are_named_and_left_alone(study, finished):
    folder = study.folder / "results/tiny/nmf/repeat-1/cwgan-gp"
    command = study.command("--forcerun", "train_gan", "--", MODEL)
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write anywhere, and setpriv is not there to change that")
        command = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner", *command]
    folder.chmod(0o555)
    try:
        run = subprocess.run(
            command, cwd=study.folder, capture_output=True, text=True, timeout=600, check=False
        )
    finally:
        folder.chmod(0o755)
    assert run.returncode != 0
    assert "Permission denied" in run.stdout + run.stderr
    assert "cwgan-gp" in run.stdout + run.stderr
    assert study.bytes_of_results() == finished.bytes_of_results()


@pytest.mark.parametrize(
    ("rule", "file"), [("extract_peaks", "tiny/peaks.h5"), ("train_gan", MODEL[8:])]
)
def test_a_disk_that_is_full_during_a_run(study, finished, rule, file):
    """The stage names the file and leaves no part of it; with room the same command goes on."""
    path = study.folder / "results" / file
    command = study.command("--forcerun", rule, "--", f"results/{file}")
    # A limit on the size of files stands for the disk: a test cannot fill that.
    limit = path.stat().st_size // 2
    run = subprocess.run(
        ["prlimit", f"--fsize={limit}", *command],
        cwd=study.folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode != 0
    (line,) = {line for line in run.stderr.splitlines() if line.startswith("imsforge: ")}
    assert line == (
        f"imsforge: {rule}: results/{file}: cannot be written (File too large); "
        "make room and run again"
    )
    assert not path.exists()
    assert not list(study.folder.rglob("*.part*"))
    again = study.snakemake(f"results/{file}")
    assert again.returncode == 0, again.stderr
    assert study.bytes_of_results() == finished.bytes_of_results()


def test_a_clock_that_was_set_back(study, finished):
    """All files are from tomorrow: nothing reruns for that; Snakemake tells what it cannot date."""
    for path in study.folder.rglob("*"):
        if path.is_file():
            ahead = path.stat().st_mtime + 86400
            os.utime(path, (ahead, ahead))
    assert study.planned() == {}
    target = "results/tiny/nmf/repeat-1/scaled.h5"
    run = study.snakemake("--forcerun", "scale", "--", target)
    assert run.returncode != 0
    assert "clock skew" in run.stderr
    # As the manual says.
    mend = 'find results logs -type f -newermt now -exec touch -d "$(date)" {} +'
    assert mend in (study.root / "docs/faults.md").read_text()
    subprocess.run(["sh", "-c", mend], cwd=study.folder, check=True)
    run = study.snakemake(target)
    assert run.returncode == 0, run.stderr
    assert study.bytes_of_results() == finished.bytes_of_results()
    assert study.planned() == {}


def test_a_touched_intermediate_reruns_nothing(study):
    """Checksums count, not time stamps."""
    (study.folder / "results/tiny/labels.h5").touch()
    assert study.planned() == {}
