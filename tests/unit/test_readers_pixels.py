"""Grids: what deserves a note about where pixels lie."""

import numpy as np
import pytest

from imsforge.errors import IngestError
from imsforge.readers.pixels import grid_notes

Y, X = (axis.ravel() for axis in np.mgrid[:12, :20])


@pytest.mark.parametrize("step", [(10, 10), (10, 1), (1, 12), (2, 2), (100, 100)])
@pytest.mark.parametrize("corner", [(0, 0), (1, 1), (103, -57)])
def test_a_raster_of_wider_steps_is_told(step, corner, rng):
    tissue = rng.random(len(X)) < 0.6
    x, y = (axis[tissue] * s + c for axis, s, c in zip((X, Y), step, corner, strict=True))
    note = grid_notes("a.csv", x, y)[-1]
    assert f"the pixels lie {step[0]} apart along x and {step[1]} along y" in note
    assert "give pixel numbers" in note


def test_a_raster_of_rounded_positions_is_told():
    note = grid_notes("a.csv", np.round(X * 12.7), np.round(Y * 12.7))[0]
    assert "the pixels lie 13 apart along x and 13 along y" in note


def test_pixels_side_by_side_are_not_told_of(rng):
    assert grid_notes("a.csv", X + 5, Y) == []
    two_sections = (X < 4) | (X > 15)
    assert grid_notes("a.csv", X[two_sections], Y[two_sections]) == []
    some = rng.choice(len(X), 12, replace=False)
    assert grid_notes("a.csv", X[some] * 3, Y[some] * 3) == []  # scattered, as they were drawn
    assert grid_notes("a.csv", np.array([1, 900]), np.array([1, 1])) == []
    assert grid_notes("a.csv", np.array([7]), np.array([7])) == []


def test_a_grid_that_is_next_to_empty_is_told_or_refused():
    x = np.array([1, 2, 3, 2000])
    assert "fill less than 1 % of their grid of 2000 x 2000" in grid_notes("a.csv", x, x)[0]
    with pytest.raises(IngestError, match="a coordinate is wrong, or not a pixel number"):
        grid_notes("a.csv", x * 10, x * 10)
