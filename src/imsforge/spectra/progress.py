"""Blocks of spectra with a progress bar on a terminal."""

from tqdm import tqdm


def stream(measurement, description, **options):
    """Yield the blocks of a measurement; ``options`` go to `Measurement.blocks`."""
    with tqdm(desc=description, total=measurement.n_pixels, unit="px", disable=None) as progress:
        for block in measurement.blocks(**options):
            yield block
            progress.update(len(block.indptr) - 1)
