"""Which ions tell abnormal regions from healthy tissue."""

import pandas as pd

from imsforge.ions import ION_COLUMNS, rank_ions

#: Regions that have a ranking of their own, the largest ones.
RANKED_REGIONS = 10


def rank_ions_of_regions(intensity, mz, region, abnormal, healthy, features, *, seed=0):
    """Rank the ions of all abnormal pixels and of the largest regions against healthy pixels.

    Parameters
    ----------
    intensity : (n, n_peaks) array
    mz : (n_peaks,) array
    region : (n,) int array, from 1 by size, 0 for none
    abnormal, healthy : (n,) bool; abnormal pixels are not taken for healthy
    features : (n, n_features) array, where nearest healthy pixels are looked for
    seed : int

    Returns
    -------
    DataFrame
        Rankings as of `imsforge.ions.rank_ions`, one below the other; the first column, ``region``,
        is 0 for all abnormal pixels together. Without abnormal pixels it has no rows.
    """
    if not abnormal.any():
        return pd.DataFrame(columns=["region", *ION_COLUMNS])
    sets = {0: abnormal}
    sets |= {k: region == k for k in range(1, min(region.max(), RANKED_REGIONS) + 1)}
    reference, tables = healthy & ~abnormal, []
    for number, inside in sets.items():
        table = rank_ions(intensity, mz, inside, reference, features=features, seed=seed)
        table.insert(0, "region", number)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
