"""What can be done without the workflow: ``python -m imsforge inspect FILE``."""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from imsforge.errors import ImsforgeError
from imsforge.ingest.inspection import describe, inspect


def main(arguments=None):
    """Run a command; return 0, or 1 after one line that says what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m imsforge", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("inspect", help="say what is in a raw file, before anything runs")
    command.add_argument("file", type=Path, help=".imzML, .h5, .csv, .tsv or .parquet")
    command.add_argument("--json", action="store_true", help="facts for programs")
    command.add_argument(
        "--image", type=Path, metavar="OUT.png", help="draw the total ion current of all pixels"
    )
    options = parser.parse_args(arguments)
    try:
        facts, examined = inspect(options.file, whole=options.image is not None)
        if options.image is not None:
            _draw(options.file.stem, examined, options.image)
    except ImsforgeError as error:
        print(f"imsforge: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"imsforge: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    print(json.dumps(facts, indent=2, ensure_ascii=False) if options.json else describe(facts))
    return 0


def _draw(name, examined, png):
    # matplotlib takes as long to import as most files to inspect.
    from imsforge.artifacts.figures import save_png
    from imsforge.plots.maps import plot_total_ion_current

    samples, sample = examined.samples(name)
    x, y = examined.source.x[examined.rows], examined.source.y[examined.rows]
    total = examined.looked.total_ion_current
    save_png(plot_total_ion_current(x, y, sample, np.array(samples), total), png)


if __name__ == "__main__":
    sys.exit(main())
