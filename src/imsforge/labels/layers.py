"""The one door for labels that experts gave, whatever the kind of file."""

import logging
from dataclasses import dataclass
from pathlib import Path

from imsforge.errors import DataError
from imsforge.labels.annotation_tables import AnnotationTable, read_annotation_table
from imsforge.labels.files import MASKS, REGIONS, SAMPLE, TABLES, named_patterns
from imsforge.labels.masks import LabelImage, read_label_image
from imsforge.labels.regions import Region, read_regions

logger = logging.getLogger(__name__)

_READERS = (
    dict.fromkeys(MASKS, read_label_image)
    | dict.fromkeys(REGIONS, read_regions)
    | dict.fromkeys(TABLES, read_annotation_table)
)


@dataclass(frozen=True)
class Layer:
    """What one file says about the pixels.

    Attributes
    ----------
    source : str, the file, for messages
    content : LabelImage, list of Region, or AnnotationTable
    name : str, the class of whatever the file marks; None where it has classes of its own
    sample : str, the sample that it is about; None where it is about all
    """

    source: str
    content: LabelImage | list[Region] | AnnotationTable
    name: str | None = None
    sample: str | None = None


def read_layers(file, samples):
    """Read the files of the setting ``labels.file``.

    Parameters
    ----------
    file : str or dict of str, or None
        A path, or a path for each class by name; ``{sample}`` in a path stands for the name of a
        sample. None means no files.
    samples : (n_samples,) str array

    Returns
    -------
    list of Layer, in the order given, and within it in the order of the samples

    Raises
    ------
    DataError
        If a file cannot be read, or no sample has one.
    """
    layers = []
    for name, pattern in named_patterns(file) if file else ():
        if SAMPLE not in pattern:
            layers.append(Layer(pattern, _read(pattern), name))
            continue
        paths = {str(sample): pattern.replace(SAMPLE, str(sample)) for sample in samples}
        there = {sample: path for sample, path in paths.items() if Path(path).is_file()}
        without = sorted(set(paths) - set(there))
        if not there:
            raise DataError(f"{pattern}: no file for any sample ({', '.join(without)})")
        if without:
            logger.warning("%s: no file for %d sample(s): %s", pattern, len(without), without)
        layers += [Layer(path, _read(path), name, sample) for sample, path in there.items()]
    return layers


def _read(path):
    reader = _READERS.get(Path(path).suffix.lower())
    if reader is None:
        raise DataError(f"{path}: labels come from {', '.join(_READERS)}; export one of these")
    return reader(path)
