"""Regions drawn on an image, laid over the pixel grid."""

import logging

import numpy as np

from imsforge.errors import DataError
from imsforge.labels.canvas import Placed

logger = logging.getLogger(__name__)


def place_regions(regions, x, y, source, *, scale=1.0, offset=None):
    """Find the pixels whose centres lie in regions; of two regions the later one counts.

    Parameters
    ----------
    regions : list of Region, at least one
    x, y : (n_pixels,) int arrays, pixel coordinates
    source : str, for messages
    scale : float
        Pixels of the image that the regions were drawn on, for one pixel of the measurement.
    offset : (x, y) or None
        The pixel of the measurement whose upper left corner is that of the image; None for the
        smallest coordinates.

    Returns
    -------
    Placed

    Raises
    ------
    DataError
        If no pixel lies in any region.
    """
    corner = np.array([x.min(), y.min()] if offset is None else offset, dtype=np.float64)
    names = sorted({region.name for region in regions})
    code, extent, overlap = np.full(len(x), -1), np.zeros(len(names)), 0
    lines = PixelLines(x, y)
    for region in regions:
        own = names.index(region.name)
        for rings in region.polygons:
            # The centre of the pixel at the corner lies half a pixel inside the image.
            outline, *holes = [ring / scale + corner - 0.5 for ring in rings]
            inside = lines.inside(outline)
            for hole in holes:
                inside = np.setdiff1d(inside, lines.inside(hole), assume_unique=True)
            overlap += np.count_nonzero((code[inside] >= 0) & (code[inside] != own))
            code[inside] = own
            extent[own] += ring_area(outline) - sum(map(ring_area, holes))
    if (code < 0).all():
        points = np.concatenate([rings[0] for r in regions for rings in r.polygons])
        low, high = (edge(points, axis=0) / scale + corner - 0.5 for edge in (np.min, np.max))
        raise DataError(
            f"{source}: no measured pixel lies in a region; with labels.scale {scale:g} and "
            f"labels.offset [{corner[0]:g}, {corner[1]:g}] the regions span x {low[0]:.0f} to "
            f"{high[0]:.0f} and y {low[1]:.0f} to {high[1]:.0f}, the pixels x {x.min()} to "
            f"{x.max()} and y {y.min()} to {y.max()}"
        )
    if overlap:
        logger.info(
            "%s: %d pixels lie in regions of two classes; the later counts", source, overlap
        )
    return Placed(code, [(name,) for name in names], extent)


def ring_area(ring):
    """Return the area that a ring of (n_points, 2) encloses, in its units squared."""
    x, y = (ring - ring[0]).T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


class PixelLines:
    """Pixels in order, line by line, to be asked which of them lie in an outline.

    An outline cuts each line of pixels into runs outside and inside. The cost grows with the lines
    that its edges cross and with the pixels inside, not with points times pixels.

    Parameters
    ----------
    x, y : (n_pixels,) arrays, coordinates of the centres
    """

    def __init__(self, x, y):
        self._columns, column = np.unique(x, return_inverse=True)
        self._lines, line = np.unique(y, return_inverse=True)
        place = line.astype(np.int64) * len(self._columns) + column
        self._order = np.argsort(place, kind="stable")
        self._place = place[self._order]

    def inside(self, ring):
        """Return the rows of the pixels in a closed outline of (n_points, 2) x and y.

        By the even-odd rule. A centre on the outline is inside on its left and upper sides alone,
        so that regions side by side share no pixel.
        """
        ends = np.stack([ring, np.roll(ring, -1, axis=0)])
        # Each edge runs downwards: its crossings are the same numbers for both its neighbours.
        rising = ends[0, :, 1] > ends[1, :, 1]
        ends[:, rising] = ends[::-1, rising]
        (x, y), (end_x, end_y) = ends[0].T, ends[1].T
        first = np.searchsorted(self._lines, y)
        n_lines = np.searchsorted(self._lines, end_y) - first
        edge = np.repeat(np.arange(len(ring)), n_lines)
        if not len(edge):
            return edge
        line = np.arange(len(edge)) - np.repeat(np.cumsum(n_lines) - n_lines - first, n_lines)
        share = (self._lines[line] - y[edge]) / (end_y - y)[edge]
        crossing = np.searchsorted(self._columns, x[edge] + share * (end_x - x)[edge])
        place = np.searchsorted(self._place, line * len(self._columns) + crossing)
        start = place.min()
        # A line is crossed an even number of times, so its last run is outside again.
        odd = np.cumsum(np.bincount(place - start)) % 2 == 1
        return self._order[start + np.flatnonzero(odd)]
