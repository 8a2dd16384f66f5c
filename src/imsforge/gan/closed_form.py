"""Gradients of critics that are piecewise linear, by hand, for several runs at once.

A fully connected critic with LeakyReLU or ReLU is linear wherever no preactivation is zero, which
is almost everywhere. With the preactivations ``a_l = W_l z_(l-1) + b_l``, the factors ``m_l`` that
the activation (and dropout) multiply them by, and ``z_l = m_l a_l``, its slope at a row is a chain

    ``u_out = 1,  u_l = m_l * (W_(l+1)^T u_(l+1)),  slope = W_1^T u_1``

and the factors do not change in a neighbourhood. So the penalty ``P(|slope|)`` differentiates in
one sweep, where autograd builds a graph of the backward pass and goes through both: with

    ``v_0 = dP/dslope,  v_l = m_l * (W_l v_(l-1))``

its gradient is ``dP/dW_l = u_l v_(l-1)^T``, and none with respect to biases. The gradient of a
loss on the scores has the same form, ``u_l z_(l-1)^T`` with ``u_out`` the derivative of the loss.
Stacking both kinds of rows, all gradients of a layer are one product.

Rows come in three blocks: real, generated, interpolated. The first layer's products of the
interpolated rows are interpolated from those of their two ends.
"""

from dataclasses import dataclass

import torch
from torch import nn

from imsforge.gan.losses import LOSSES
from imsforge.gan.networks import Dropout

aten = torch.ops.aten

#: Layers whose critics this module differentiates.
PIECEWISE_LINEAR = (nn.Linear, nn.LeakyReLU, nn.ReLU, Dropout)


@dataclass
class _Layer:
    """A linear layer of a stack, (n_runs, n_out, n_in), and what follows it."""

    weight: torch.Tensor
    bias: torch.Tensor
    weight_slope: torch.Tensor
    bias_slope: torch.Tensor
    activation: float | None = None
    dropouts: tuple = ()


class _Workspace:
    """Memory for one pass of so many rows: allocated once, since fresh pages cost more than sums.

    Attributes
    ----------
    rows : tensor of shape (n_runs, n_rows, n_features + n_classes)
        Rows beside their embeddings; zero where nobody writes.
    preactivations, reached, factors : lists of tensors of shape (n_runs, n_rows, n_out)
        a_l, z_l and u_l of the layers.
    """

    def __init__(self, layers, n_rows):
        def empty(width):
            shape = (len(layers[0].weight), n_rows, width)
            return torch.zeros(shape, dtype=layers[0].weight.dtype, device=layers[0].weight.device)

        self.rows = empty(layers[0].weight.shape[2])
        self.preactivations = [empty(layer.weight.shape[1]) for layer in layers]
        self.reached = [empty(layer.weight.shape[1]) for layer in layers[:-1]]
        self.factors = [empty(layer.weight.shape[1]) for layer in layers]
        self.drops = [None] * len(layers)


class ClosedFormCritics:
    """The critics of a stack, with gradients by hand.

    Parameters
    ----------
    stack : Stack of Critic
        Of layers in `PIECEWISE_LINEAR` alone, linear at both ends.
    settings : GANSettings
    """

    def __init__(self, stack, settings):
        self.stack = stack
        self.loss = LOSSES[settings.kind]
        self.penalty_weight = settings.penalty_weight if settings.kind == "cwgan-gp" else None
        self.layers = _layers(stack)
        self._embedding = stack.parameters["embedding.weight"]
        self._embedding_slope = stack.slopes["embedding.weight"]
        self._workspaces = {}

    def gradients(self, real, fake, labels, weight):
        """Write the gradients of the critics' loss on one batch into the stack.

        Parameters
        ----------
        real, fake : tensors of shape (n_runs, n, n_features)
        labels : tensor of shape (n_runs, n, n_classes), one-hot
        weight : tensor of shape (n_runs, n, 1), see `imsforge.gan.losses.gradient_penalty`

        Returns
        -------
        dict of str to tensor of shape (n_runs, n)
            Scores ``real`` and ``fake``, and with a penalty the ``norms`` of the slopes.
        """
        n, n_features = real.shape[1:]
        penalised = self.penalty_weight is not None
        work = self._workspace(3 * n if penalised else 2 * n)
        work.rows[:, :n, :n_features] = real
        work.rows[:, n : 2 * n, :n_features] = fake
        work.rows[:, : 2 * n, n_features:].unflatten(1, (2, n))[:] = self._embedded(labels)
        first = work.preactivations[0]
        _affine(self.layers[0], work.rows[:, : 2 * n], first[:, : 2 * n])
        if penalised:
            torch.lerp(first[:, n : 2 * n], first[:, :n], weight, out=first[:, 2 * n :])
        self._forward(work)
        scores = work.preactivations[-1][:, : 2 * n, 0]
        real_scores, fake_scores = scores[:, :n], scores[:, n:]
        found = {"real": real_scores.clone(), "fake": fake_scores.clone()}
        start = work.factors[-1]
        # Run by run: how a number's exponential is rounded depends on its place in a buffer.
        for run, *values in zip(start[..., 0], real_scores, fake_scores, strict=True):
            run[:n], run[n : 2 * n] = self.loss.critic_slopes(*values)
        start[:, 2 * n :] = 1
        self._chain(work)
        if penalised:
            found["norms"] = self._penalty(work, n, n_features)
        inputs = (work.rows, *work.reached)
        for layer, factors, values in zip(self.layers, work.factors, inputs, strict=True):
            _outer(factors, values, layer.weight_slope)
            torch.sum(factors[:, : 2 * n], dim=1, out=layer.bias_slope)
        self._embedding_gradient(work.factors[0], labels, n, n_features)
        return found

    def generator_gradients(self, fake, labels):
        """Return the generators' loss, (n_runs,), and its derivative by the generated rows."""
        n, n_features = fake.shape[1:]
        work = self._workspace(n)
        work.rows[:, :, :n_features] = fake
        work.rows[:, :, n_features:] = self._embedded(labels).squeeze(1)
        _affine(self.layers[0], work.rows, work.preactivations[0])
        self._forward(work)
        scores = work.preactivations[-1][..., 0]
        for run, values in zip(work.factors[-1][..., 0], scores, strict=True):
            run[:] = self.loss.generator_slopes(values)
        self._chain(work)
        slopes = torch.bmm(work.factors[0], self.layers[0].weight[:, :, :n_features])
        return torch.stack([self.loss.generator(values) for values in scores]), slopes

    def _workspace(self, n_rows):
        if n_rows not in self._workspaces:
            self._workspaces[n_rows] = _Workspace(self.layers, n_rows)
        return self._workspaces[n_rows]

    def _embedded(self, labels):
        return torch.bmm(labels, self._embedding).unsqueeze(1)

    def _forward(self, work):
        """Go from the first preactivations to the scores."""
        for index, layer in enumerate(self.layers[:-1]):
            output = work.preactivations[index]
            work.drops[index] = _drop(layer, output)
            aten.leaky_relu.out(output, layer.activation, out=work.reached[index])
            following = self.layers[index + 1]
            _affine(following, work.reached[index], work.preactivations[index + 1])

    def _chain(self, work):
        """Go from the factors of the scores, u_out, to those of the first layer."""
        for index in reversed(range(len(self.layers) - 1)):
            following, weight = work.factors[index + 1], self.layers[index + 1].weight
            product = torch.mul if following.shape[2] == 1 else torch.bmm
            product(following, weight, out=work.factors[index])
            self._through(work, index, work.factors[index], slice(None))

    def _penalty(self, work, n, n_features):
        """Put v_l in place of the interpolated rows' z_l; return the norms."""
        between = slice(2 * n, 3 * n)
        weight = self.layers[0].weight[:, :, :n_features]
        slope = torch.bmm(work.factors[0][:, between], weight)
        norms = torch.linalg.vector_norm(slope, dim=2, keepdim=True)
        smallest = torch.finfo(norms.dtype).tiny
        slope *= (norms - 1) / norms.clamp(min=smallest) * (2 * self.penalty_weight / n)
        work.rows[:, between, :n_features] = slope
        values = slope
        for index, reached in enumerate(work.reached):
            values = torch.bmm(values, weight.transpose(1, 2))
            self._through(work, index, values, between)
            reached[:, between] = values
            weight = self.layers[index + 1].weight
        return norms.squeeze(2)

    def _through(self, work, index, values, rows):
        """Multiply values by m_l of some rows, in place."""
        output, slope = work.preactivations[index][:, rows], self.layers[index].activation
        aten.leaky_relu_backward.grad_input(values, output, slope, False, grad_input=values)
        if work.drops[index] is not None:
            values *= work.drops[index][:, rows]

    def _embedding_gradient(self, factors, labels, n, n_features):
        both = factors[:, :n] + factors[:, n : 2 * n]
        slopes = torch.bmm(both, self.layers[0].weight[:, :, n_features:])
        torch.bmm(labels.transpose(1, 2), slopes, out=self._embedding_slope)


def _affine(layer, rows, out):
    """Compute W_l z_(l-1) + b_l for rows of (n_runs, n_rows, n_in)."""
    if out.shape[2] > 1:
        torch.baddbmm(layer.bias.unsqueeze(1), rows, layer.weight.transpose(1, 2), out=out)
    else:  # products with a vector are rounded differently side by side than alone
        torch.sum(rows * layer.weight, dim=2, keepdim=True, out=out)
        out += layer.bias.unsqueeze(1)


def _outer(factors, values, out):
    """Sum u_l z_(l-1)^T over the rows, (n_runs, n_out, n_in)."""
    if factors.shape[2] > 1:
        torch.bmm(factors.transpose(1, 2), values, out=out)
    else:
        torch.sum(factors * values, dim=1, keepdim=True, out=out)


def _drop(layer, output):
    """Drop some of the preactivations in place; return the factors, None where all are one."""
    if not layer.dropouts or not layer.dropouts[0].rate:
        return None
    runs = zip(layer.dropouts, output, strict=True)
    factors = torch.stack([dropout.draw(values) for dropout, values in runs])
    output *= factors
    return factors


def _layers(stack):
    """Read the layers of a stack of critics."""
    layers = []
    for name, module in stack.networks[0].body.named_children():
        match module:
            case nn.Linear():
                names = f"body.{name}.weight", f"body.{name}.bias"
                layers.append(
                    _Layer(*(kept[n] for kept in (stack.parameters, stack.slopes) for n in names))
                )
            case Dropout():
                layers[-1].dropouts = [n.body.get_submodule(name) for n in stack.networks]
            case nn.LeakyReLU():
                layers[-1].activation = module.negative_slope
            case nn.ReLU():
                layers[-1].activation = 0.0
    return layers
