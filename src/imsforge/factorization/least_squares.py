"""Non-negative least squares of many rows at once."""

import torch

from imsforge.factorization.coordinate_descent import CoordinateDescent

# Rows that have settled are put aside every so many sweeps.
_SWEEPS = 10
_MAX_SWEEPS = 5000

# A row has settled when a sweep gains less than this part of what its weights explain.
_TOLERANCE = {torch.float32: 1e-8, torch.float64: 1e-15}


@torch.inference_mode()
def non_negative_weights(rows, H):
    """Minimise ||X - W H|| over W >= 0 by coordinate descent, each row until it settles.

    Parameters
    ----------
    rows : Rows
    H : (k, m) tensor, non-negative

    Returns
    -------
    list of (k, n_block) tensors, W^T of each block
    """
    gram = H @ H.T
    descent = CoordinateDescent(gram)
    scaled = H * descent.scale
    # Least squares without the bound, cut off at zero, is a start near the solution.
    inverse = torch.linalg.pinv(gram.double(), hermitian=True) * descent.diagonal
    inverse = inverse.to(H.dtype)
    return [_solve(descent, inverse, scaled @ block.T) for block in rows]


def _solve(descent, inverse, target):
    """Return the weights for targets `scale` * H X^T of shape (k, n)."""
    weights = (inverse @ target).clamp_min_(0)
    active = torch.arange(target.shape[1], device=target.device)
    W = weights.clone()
    for _ in range(_MAX_SWEEPS // _SWEEPS):
        for _ in range(_SWEEPS):
            before = W.clone()
            descent.sweep(W, target.clone())
        weights[:, active] = W
        # Half of this is the least that the last sweep has gained.
        gain = descent.diagonal @ (W - before).square_()
        moving = gain > _TOLERANCE[W.dtype] * (descent.diagonal @ (W * target))
        if not moving.any():
            break
        active, W, target = active[moving], W[:, moving], target[:, moving]
    return weights
