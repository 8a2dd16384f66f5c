"""Where NMF starts: the non-negative double singular value decomposition."""

import torch

from imsforge.factorization.subspace import is_exact, leading_eigenvectors

# Entries of a start below this are zero, and so stay; scikit-learn's value.
_EPSILON = 1e-6


def leading_directions(rows, rank):
    """Return the leading singular values of X and its right singular vectors.

    Of few columns they are exact, from X^T X; of many, they come from subspace iteration, and are
    at most as many as the rows.

    Parameters
    ----------
    rows : Rows, X of shape (n, m)
    rank : int, at most m

    Returns
    -------
    values : (rank,) float64 tensor, descending
    vectors : (m, rank) float64 tensor
    """
    if is_exact(rows.shape[1], rank):
        values, vectors = torch.linalg.eigh(rows.gram())
        values, vectors = values[-rank:].flip(0), vectors[:, -rank:].flip(1)
    else:
        n_rows, n_columns = rows.shape
        found = leading_eigenvectors(rows.gram_product, n_columns, min(rank, n_rows))
        values, vectors = (torch.tensor(part.copy(), device=rows.device) for part in found)
    return values.clamp_min(0).sqrt(), vectors


def nndsvd(rows, values, vectors):
    """Return the start of Boutsidis and Gallopoulos [1]_, the same as scikit-learn's `nndsvd`.

    Scikit-learn's singular vectors come from a randomised method, these from `leading_directions`;
    both agree where singular values are apart from each other.

    Parameters
    ----------
    rows : Rows
    values : (k,) float64 tensor, singular values
    vectors : (m, k) float64 tensor, right singular vectors

    Returns
    -------
    W : list of (k, n_block) tensors
    H : (k, m) tensor

    References
    ----------
    .. [1] C. Boutsidis, E. Gallopoulos, "SVD based initialization: a head start for nonnegative
       matrix factorization", Pattern Recognition 41 (2008) 1350-1362.
    """
    dtype = torch.float32 if rows.dtype.itemsize == 4 else torch.float64
    # Below what the precision of X^T X resolves there is no direction to start from.
    resolved = values > values[0] * torch.finfo(dtype).eps ** 0.5
    inverse = torch.where(resolved, values, torch.inf).reciprocal()
    to_left = (vectors * inverse).T.to(dtype)
    # One allocation: blocks of W between blocks of rows that come and go would scatter the memory.
    storage = to_left.new_empty(len(to_left) * rows.shape[0])
    W, used, left = [], 0, vectors.new_zeros(2, len(to_left))
    for block in rows:
        size = len(to_left) * len(block)
        W.append(storage[used : used + size].view(len(to_left), len(block)))
        torch.mm(to_left, block.T, out=W[-1])
        left += _norms_of_parts(W[-1]).square_()
        used += size
    left.sqrt_()
    right = _norms_of_parts(vectors.T)
    products = left * right
    # The leading vectors have one sign; of the others the larger part, positive or negative.
    side = products.argmax(dim=0)
    chosen = torch.arange(len(values), device=vectors.device)
    signs = (1 - 2 * side).to(torch.float64)
    scale = torch.where(resolved, values * products[side, chosen], 0).sqrt()
    scale_left, scale_right = (
        torch.where(scale > 0, signs * scale / norms[side, chosen], 0)[:, None].to(dtype)
        for norms in (left, right)
    )
    H = vectors.T.to(dtype) * scale_right
    for part in W:
        part.mul_(scale_left)
    for part in (*W, H):
        torch.threshold_(part, _EPSILON, 0)
    return W, H


def _norms_of_parts(vectors):
    """Return the norms of the positive and of the negative part of each row, (2, k) float64."""
    parts = torch.stack([vectors.clamp_min(0), (-vectors).clamp_min(0)])
    return torch.linalg.vector_norm(parts, dim=2, dtype=torch.float64)
