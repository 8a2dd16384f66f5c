"""A disk that is full while a result is written: one line, nothing left behind."""

import subprocess
import sys

import pytest

#: Run with a limit on the size of files, since a test cannot fill a disk.
PROGRAM = """
import resource, sys
import numpy as np
from imsforge.errors import OutputError
from imsforge.artifacts.contract import PeakMatrix
from imsforge.artifacts.peak_writer import peak_matrix_file
from imsforge.artifacts.text import write_text

resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
folder, what = sys.argv[1:]
class PIXELS:
    n_pixels, x = 1000, np.arange(1000)
    y, total_ion_current = x, x * 1.0
    annotations, sample, samples = {}, np.zeros(1000, np.int16), np.array(["1"])
    pixel_size = None


n_pixels, mz, x = 1000, np.arange(1.0, 101), np.arange(1000)
values = np.random.default_rng(0).random((n_pixels, 100)).astype(np.float32)
try:
    if what == "artifact":
        PeakMatrix(values, mz, x, x, values.sum(axis=1)).write(f"{folder}/a.h5")
    elif what == "stream":
        with peak_matrix_file(f"{folder}/a.h5", PIXELS, mz) as append:
            for start in range(0, n_pixels, 100):
                append(values[start : start + 100])
    else:
        write_text("a" * 200_000, f"{folder}/a.txt")
except OutputError as error:
    print(error)
"""


@pytest.mark.parametrize("what", ["artifact", "stream", "text"])
def test_a_full_disk(tmp_path, root, what):
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), what],
        cwd=root / "src",
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    (line,) = run.stdout.splitlines()
    assert line.startswith(f"{tmp_path}/a.")
    assert "cannot be written (File too large); make room and run again" in line
    assert list(tmp_path.iterdir()) == []
