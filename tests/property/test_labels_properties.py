"""Regions and masks on the pixel grid, against slow and obvious readings of them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.path import Path

from imsforge.errors import DataError
from imsforge.labels.annotation_tables import AnnotationTable, place_table
from imsforge.labels.masks import LabelImage, image_places, place_image
from imsforge.labels.regions import PixelLines

WIDTH, HEIGHT = 9, 7

# Quarters make outlines run through centres of pixels; other numbers do not.
COORDINATE = st.one_of(
    st.integers(-8, 48).map(lambda quarter: quarter / 4), st.floats(-3, 12, allow_nan=False)
)
RING = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=12).map(np.array)


@st.composite
def pixels(draw):
    """Some pixels of a grid, in any order: x, y."""
    places = draw(st.lists(st.integers(0, WIDTH * HEIGHT - 1), min_size=1, unique=True))
    return np.array(places) % WIDTH, np.array(places) // WIDTH


def slow_inside(ring, x, y):
    """Cast a ray to the left from each centre and count the edges it crosses."""
    inside = []
    for row, (px, py) in enumerate(zip(x, y, strict=True)):
        crossed = 0
        for start, end in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            (ax, ay), (bx, by) = sorted((start, end), key=lambda point: point[1])
            if ay <= py < by and ax + (py - ay) / (by - ay) * (bx - ax) <= px:
                crossed += 1
        if crossed % 2:
            inside.append(row)
    return inside


@settings(max_examples=200, deadline=None)
@given(RING, pixels())
def test_pixels_in_an_outline_are_those_that_a_ray_finds(ring, places):
    x, y = places
    assert sorted(PixelLines(x, y).inside(ring).tolist()) == slow_inside(ring, x, y)


@settings(max_examples=100, deadline=None)
@given(st.integers(3, 20), st.randoms(use_true_random=False))
def test_pixels_in_a_polygon_are_those_of_matplotlib(n_points, random):
    # A star-shaped outline, in no place where a centre lies on it.
    angle = np.sort([random.uniform(0, 2 * np.pi) for _ in range(n_points)])
    radius = np.array([random.uniform(1, 5) for _ in range(n_points)])
    ring = np.column_stack([4.0123 + radius * np.cos(angle), 3.0321 + radius * np.sin(angle)])
    y, x = (axis.ravel() for axis in np.mgrid[:HEIGHT, :WIDTH])
    expected = np.flatnonzero(Path(ring).contains_points(np.column_stack([x, y])))
    assert sorted(PixelLines(x, y).inside(ring).tolist()) == expected.tolist()


@settings(max_examples=100, deadline=None)
@given(RING, COORDINATE, pixels())
def test_the_two_sides_of_a_cut_share_no_pixel_and_miss_none(ring, cut, places):
    x, y = places
    lines = PixelLines(x, y)
    upper, lower = (
        np.array([[-5, a], [20, a], [20, b], [-5, b]], float) for a, b in ((-5, cut), (cut, 20))
    )
    both = np.concatenate([lines.inside(upper), lines.inside(lower)])
    assert sorted(both.tolist()) == list(range(len(x)))
    assert set(lines.inside(ring[::-1]).tolist()) == set(lines.inside(ring).tolist())


@settings(max_examples=100, deadline=None)
@given(
    arrays(np.uint8, (HEIGHT, WIDTH), elements=st.integers(0, 3)),
    st.integers(2, 5),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_an_enlarged_mask_says_what_the_mask_says(mask, factor, left, top):
    y, x = (axis.ravel() for axis in np.mgrid[:HEIGHT, :WIDTH])
    enlarged = LabelImage(mask.repeat(factor, axis=0).repeat(factor, axis=1))
    small = place_image(LabelImage(mask), x + left, y + top, "mask")
    large = place_image(enlarged, x + left, y + top, "mask", offset=(left, top))
    assert small.keys == large.keys
    np.testing.assert_array_equal(small.code, large.code)
    np.testing.assert_allclose(small.extent, large.extent)
    np.testing.assert_array_equal(
        [small.keys[code][0] for code in small.code], mask.ravel().astype(str)
    )


@settings(max_examples=200, deadline=None)
@given(st.floats(1.6, 40), st.integers(5, 60), st.integers(5, 60))
def test_any_even_enlargement_fits_and_is_read_near_the_centres(factor, width, height):
    shape = round(factor * height), round(factor * width)
    y, x = (axis.ravel() for axis in np.mgrid[:height, :width])
    rows, columns, area = image_places(shape, x, y, "mask")
    assert rows.max() < shape[0]
    assert columns.max() < shape[1]
    assert np.abs(rows + 0.5 - (y + 0.5) * factor).max() <= 2
    assert np.abs(columns + 0.5 - (x + 0.5) * factor).max() <= 2
    assert abs(area - shape[0] * shape[1] / len(x)) < 1e-9 * area


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 4), st.integers(0, 30), st.integers(0, 30))
def test_a_mask_lies_where_it_was_made_or_is_refused(factor, left, top):
    """Wherever a measurement begins: a mask from its corner is never laid on another grid."""
    y, x = (axis.ravel() for axis in np.mgrid[:HEIGHT, :WIDTH])
    shape = HEIGHT * factor, WIDTH * factor
    try:
        rows, columns, _ = image_places(shape, x + left, y + top, "mask")
    except DataError as error:
        assert "ways" in str(error)
        rows, columns, _ = image_places(shape, x + left, y + top, "mask", offset=(left, top))
    np.testing.assert_array_equal(rows // factor, y)
    np.testing.assert_array_equal(columns // factor, x)


@settings(max_examples=200, deadline=None)
@given(pixels(), st.integers(-3, 3), st.integers(-3, 3), st.integers(0, 9))
def test_a_table_of_all_pixels_is_never_shifted(places, right, down, seed):
    x, y = places
    rng = np.random.default_rng(seed)
    names = rng.choice(["a", "b", "c"], len(x)).astype(object)
    table = AnnotationTable(x - right, y - down, {"label": names})
    sample = np.full(len(x), "1")
    try:
        placed = place_table(table, x, y, sample, "t.csv")
    except DataError as error:
        assert (right, down) != (0, 0)
        assert "labels.offset: [" in str(error)
        placed = place_table(table, x, y, sample, "t.csv", offset=(right, down))
    else:
        assert (right, down) == (0, 0)
    assert [placed.keys[code][0] for code in placed.code] == names.tolist()
