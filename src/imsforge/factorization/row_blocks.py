"""Blocks of rows: the one way in which matrices, in memory or in a file, reach the computations."""

import warnings

import numpy as np
import torch

from imsforge.factorization.magnitude import moderate_exponent
from imsforge.factorization.subspace import block_rows

# Weights of so many rows stay in a core's cache while coordinate descent sweeps over them.
BLOCK_ROWS = 8192


class Rows:
    """A matrix as blocks of consecutive rows on a device.

    Arrays are cut into views on the CPU and copied to any other device; a dataset of an HDF5 file
    is read, and its values checked, block by block at every pass.

    Parameters
    ----------
    source : ndarray of float32 or float64, C-contiguous, or h5py.Dataset of shape (n_rows, m)
    device : torch.device
    exponent : int, default=0
        The blocks are divided by 2 to this power.

    Attributes
    ----------
    shape : (n_rows, m)
    dtype : numpy dtype of the blocks; a dataset of integers is read as floating-point numbers
    """

    def __init__(self, source, device, exponent=0):
        self.source, self.shape, self.device = source, source.shape, device
        self.exponent = exponent
        self.dtype = np.result_type(source.dtype, np.float32)
        size = block_rows(source.shape[1], BLOCK_ROWS)
        slices = [slice(i, i + size) for i in range(0, len(source), size)]
        if isinstance(source, np.ndarray):
            self._blocks = [self._on_device(source[rows]) for rows in slices]
        else:
            self._blocks = _Reading(self, source, slices)

    def __iter__(self):
        return iter(self._blocks)

    def moderated(self):
        """Return the rows, divided by a power of two where their squares need that."""
        largest = max((float(block.max()) for block in self), default=0.0)
        exponent = moderate_exponent(largest)
        return Rows(self.source, self.device, exponent) if exponent else self

    def gram(self):
        """Return X^T X, (m, m) float64; products within a block are in the data's own precision."""
        total = torch.zeros(self.shape[1], self.shape[1], dtype=torch.float64, device=self.device)
        for block in self:
            total += block.T @ block
        return total

    def gram_product(self, Q):
        """Return X^T X Q for an (m, k) float64 array; products are in the data's own precision."""
        total = torch.zeros(Q.shape, dtype=torch.float64, device=self.device)
        factor = torch.from_numpy(Q.astype(self.dtype)).to(self.device)
        for block in self:
            total += block.T @ (block @ factor)
        return total.cpu().numpy()

    def project(self, H):
        """Return rows of length m as they stand beside the blocks: unchanged."""
        return H

    expand = project

    def _on_device(self, values):
        if self.exponent:
            values = np.ldexp(values, -self.exponent)
        with warnings.catch_warnings():
            # Blocks are only ever read, so they may share the memory of a read-only array.
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            return torch.from_numpy(values).to(self.device)


class CompressedRows:
    """A matrix projected on a few directions: blocks hold X V.

    For H = H V V^T the products X H^T = (X V) (H V)^T are exact; otherwise they miss what of H is
    off the directions.

    Parameters
    ----------
    rows : Rows
    basis : (m, rank) tensor, orthonormal columns V
    """

    def __init__(self, rows, basis):
        self.shape, self.dtype, self.device = rows.shape, rows.dtype, rows.device
        self.basis = basis
        self._blocks = [block @ basis for block in rows]

    def __iter__(self):
        return iter(self._blocks)

    def project(self, H):
        """Return H V, rows of length `rank`."""
        return H @ self.basis

    def expand(self, H):
        """Return H V^T, rows of length m."""
        return H @ self.basis.T


class _Reading:
    """Blocks of a dataset, read when their turn comes."""

    def __init__(self, rows, dataset, slices):
        self.rows, self.dataset, self.slices = rows, dataset, slices

    def __iter__(self):
        for rows in self.slices:
            values = self.dataset[rows].astype(self.rows.dtype, copy=False)
            # NaN fails both comparisons.
            if not (values.min() >= 0 and values.max() < np.inf):
                raise ValueError(
                    f"Rows {rows.start} to {rows.start + len(values) - 1} of the dataset hold "
                    "NaN, infinite or negative values; the factorisation needs finite values >= 0."
                )
            yield self.rows._on_device(values)
