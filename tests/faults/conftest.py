"""A finished study of one's own, to be broken."""

import pytest


@pytest.fixture
def study(finished, tmp_path):
    """A copy of the finished tiny study, which a test may break."""
    return finished.copy(tmp_path)
