"""Figures as PNG for the screen and SVG for the paper."""

import matplotlib.pyplot as plt
from matplotlib.transforms import Bbox
from PIL import Image

from imsforge.artifacts.atomic import atomic


def save_figure(figure, png, svg):
    """Write a matplotlib figure twice, with the same bytes for the same figure, and close it."""
    # Laid out once: the vector file then has the same layout, in half the time.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    # The solver of the layout adds in an order of its own, so that the last digits vary.
    for axis in figure.axes:
        axis.set_position(Bbox(axis.get_position(original=True).get_points().round(6)))
    save_png(figure, png)
    with plt.rc_context({"svg.hashsalt": "imsforge"}), atomic(svg) as temporary:
        figure.savefig(temporary, metadata={"Date": None}, dpi=160)
    plt.close(figure)


def save_png(figure, png):
    """Write a matplotlib figure as PNG."""
    with atomic(png) as temporary:
        figure.savefig(temporary, dpi=160, format="png")


def save_mask(mask, png):
    """Write a (height, width) uint8 array as a grey PNG."""
    with atomic(png) as temporary:
        Image.fromarray(mask).save(temporary, format="png")
