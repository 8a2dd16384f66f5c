import numpy as np

from imsforge.training_rows import limits_of_detection


def test_limits_of_detection_by_hand():
    X = np.array([[0, 5, 2], [0, 6, 2], [3, 7, 2], [4, 8, 2.0]])
    floor, limit = limits_of_detection(X)
    assert floor.tolist() == [0, -np.inf, 2]  # a smallest value that comes once is a value
    assert limit.tolist() == [3, 6, 2]
