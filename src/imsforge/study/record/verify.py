"""Does a folder of results still hold what its run left there?"""

from pathlib import Path

from imsforge.artifacts.checksums import describe_file
from imsforge.artifacts.text import read_json
from imsforge.errors import DataError


def verify_run(record_path, folder="."):
    """Check every artifact, and every input that is still at hand, against the run's record.

    Parameters
    ----------
    record_path : path of ``provenance.json``
    folder : path, the folder that paths of the record are relative to

    Returns
    -------
    dict of str to int
        How many files were found as recorded, and how many inputs are no longer at hand.

    Raises
    ------
    DataError
        If there is no record, or with one line that names every file that is missing or differs.
    """
    record = read_json(record_path)
    problems = []
    counts = {"artifacts": 0, "inputs": 0, "inputs not at hand": 0}
    for kind in ("artifacts", "inputs"):
        for file in record[kind]:
            path = Path(folder, file["path"])
            if not path.is_file():
                if kind == "inputs":
                    counts["inputs not at hand"] += 1
                else:
                    problems.append(f"{file['path']} is missing")
            elif describe_file(path, file["path"]) != file:
                problems.append(f"{file['path']} is not what the run {_verb(kind)}")
            else:
                counts[kind] += 1
    if problems:
        raise DataError(
            f"{Path(record_path).parent}: {'; '.join(problems)}; delete what is wrong and run the "
            "workflow again"
        )
    return counts


def _verb(kind):
    return {"artifacts": "made", "inputs": "read"}[kind]
