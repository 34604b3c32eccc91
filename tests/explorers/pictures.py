"""The pictures of the explorers, made from their sources: what their module pictures.js must hold."""

import functools

import numpy as np

CORNER = ["000000", "010000", "010000", "010000", "011110", "000000"]


@functools.cache
def pictures():
    """Each picture by its name, as rows of whole numbers."""
    corner = [[int(cell) for cell in row] for row in CORNER]
    return {"edge": [[0, 0, 0, 1, 1, 1, 1]] * 7, "corner": corner, "digit": _digit(), "photo": _photo()}


def _digit():
    """The third 5 of scikit-learn's digits, its 17 levels as 10."""
    from sklearn.datasets import load_digits

    images, target = load_digits().images, load_digits().target
    return np.rint(images[target == 5][2] / 16 * 9).astype(int).tolist()


def _photo():
    """Grace Hopper in 40 by 40 pixels: a square of the photograph, gray, means of 10 by 10, the brightest at 15."""
    from matplotlib.cbook import get_sample_data
    from matplotlib.image import imread

    with get_sample_data("grace_hopper.jpg") as file:
        color = imread(file, format="jpg")[:400, 60:460] / 255
    gray = (color @ [0.299, 0.587, 0.114]).reshape(40, 10, 40, 10).mean(axis=(1, 3))
    return np.rint(gray / gray.max() * 15).astype(int).tolist()
