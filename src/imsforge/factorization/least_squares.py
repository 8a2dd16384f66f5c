"""Non-negative least squares of many rows at once, by coordinate descent."""

import torch

# Components that are updated one by one between two matrix products.
_GROUP = 10

# The violation of the optimality conditions is looked at every so many iterations.
CHECK_EVERY = 10

# Rows that have settled are put aside every so many sweeps.
_SWEEPS = 10

_MAX_SWEEPS = 5000

# A row has settled when a sweep gains less than this part of what its weights explain.
_TOLERANCE = {torch.float32: 1e-8, torch.float64: 1e-15}


class CoordinateDescent:
    """Sweeps of coordinate descent over W >= 0 in ||X - W H||, for given H H^T.

    Weights are held transposed, (k, n): a component of all rows is contiguous. With P = H X^T and
    G = H H^T, a sweep updates one component after the other,
    w_t <- max(0, (p_t - sum_{s != t} g_ts w_s) / g_tt), which is what hierarchical alternating
    least squares [1]_ and the coordinate descent of scikit-learn do. What components of other
    groups contribute comes from one matrix product a group; the result is the same, but for
    rounding.

    Parameters
    ----------
    gram : (k, k) tensor, G

    Attributes
    ----------
    diagonal : (k,) tensor, g_tt
    scale : (k, 1) tensor, 1 / g_tt; 0 for a component of zeros, whose weights stay as they are

    References
    ----------
    .. [1] A. Cichocki, A.-H. Phan, "Fast local algorithms for large scale nonnegative matrix and
       tensor factorizations", IEICE Transactions E92-A (2009) 708-721.
    """

    def __init__(self, gram):
        self.diagonal = gram.diagonal().clone()
        used = self.diagonal > 0
        self.scale = torch.where(used, self.diagonal, torch.inf).reciprocal()[:, None]
        coupling = gram * self.scale
        # A component of zeros has target 0 and no other coupling: -1 keeps its weights.
        coupling.diagonal().copy_(used.to(gram.dtype) - 1)
        self._groups = []
        for start in range(0, len(gram), _GROUP):
            group = slice(start, start + _GROUP)
            outside = coupling[group].clone()
            outside[:, group] = 0
            self._groups.append((group, outside, list(coupling[group, group].contiguous())))

    def sweep(self, W, target):
        """Update every component once, in place.

        Parameters
        ----------
        W : (k, n) tensor, non-negative
        target : (k, n) tensor
            `scale` * P; left behind is what W would be without the bound at zero.
        """
        for group, outside, inside in self._groups:
            target[group].addmm_(outside, W, alpha=-1)
            weights = W[group]
            by_row = weights.T
            for unbounded, component, coupling in zip(
                target[group].unbind(), weights.unbind(), inside, strict=True
            ):
                unbounded.addmv_(by_row, coupling, alpha=-1)
                torch.clamp_min(unbounded, 0, out=component)

    def violation(self, before, target):
        """Return the sum of the projected gradient's absolute values during a sweep.

        Parameters
        ----------
        before : (k, n) tensor, W before the sweep
        target : (k, n) tensor, as the sweep left it
        """
        step = target - before
        step = torch.where(before > 0, step.abs(), step.clamp_min(0))
        return float(step.sum(dim=1).dot(self.diagonal))


def factorise(rows, W, H, *, max_iter, tol):
    """Alternate sweeps over W and H, in place; each iteration passes over the rows once.

    Parameters
    ----------
    rows : Rows or CompressedRows
    W : list of (k, n_block) tensors, the weights of each block, transposed
    H : (k, m) tensor
    max_iter : int
    tol : float
        Stop when the violation is at most this part of that of the first iteration; looked at
        every tenth.

    Returns
    -------
    n_iter : int
    settled : bool, whether `tol` was reached
    """
    buffer = W[0].new_empty(W[0].numel())
    first = None
    for n_iter in range(1, max_iter + 1):
        watch = n_iter == 1 or n_iter % CHECK_EVERY == 0
        descent = CoordinateDescent(H @ H.T)
        scaled = rows.project(H * descent.scale)
        products = scaled.new_zeros(scaled.shape)
        gram = H.new_zeros(len(H), len(H))
        violation = 0.0
        for block, weights in zip(rows, W, strict=True):
            target = buffer[: weights.numel()].view(weights.shape)
            torch.mm(scaled, block.T, out=target)
            before = weights.clone() if watch else None
            descent.sweep(weights, target)
            if watch:
                violation += descent.violation(before, target)
            products.addmm_(weights, block)
            gram.addmm_(weights, weights.T)
        descent = CoordinateDescent(gram)
        target = rows.expand(products) * descent.scale
        before = H.clone()
        descent.sweep(H, target)
        if watch:
            violation += descent.violation(before, target)
            first = violation if first is None else first
            if violation <= tol * first:
                return n_iter, True
    return max_iter, False


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
