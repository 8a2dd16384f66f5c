import json
from dataclasses import asdict
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imsforge.artifacts.tensors import read_tensors, write_tensors
from imsforge.fidelity.frechet import frechet_distance
from imsforge.gan import losses
from imsforge.gan.architectures import CRITICS, GENERATORS
from imsforge.gan.batches import index_batches
from imsforge.gan.networks import Critic, Generator
from imsforge.gan.settings import KINDS, GANSettings
from imsforge.gan.whitening import Whitening

few = settings(max_examples=40, deadline=None)
numbers = st.floats(-100, 100)


@st.composite
def row_sets(draw, n_sets):
    """Draw sets of rows over the same features."""
    n_features = draw(st.integers(1, 6))
    return [
        draw(arrays(np.float64, (draw(st.integers(2, 12)), n_features), elements=numbers))
        for _ in range(n_sets)
    ]


@few
@given(row_sets(3))
def test_frechet_is_a_distance(sets):
    a, b, c = sets
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), abs=1e-4)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-4)
    assert frechet_distance(a, c) <= frechet_distance(a, b) + frechet_distance(b, c) + 1e-4


@few
@given(row_sets(2), numbers, st.floats(0.1, 10), st.integers(0, 2**32 - 1))
def test_frechet_moves_and_scales_with_the_rows(sets, shift, scale, seed):
    a, b = sets
    n_features = a.shape[1]
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(n_features, n_features)))[0]
    moved = frechet_distance(scale * a @ rotation + shift, scale * b @ rotation + shift)
    assert moved == pytest.approx(scale * frechet_distance(a, b), rel=1e-5, abs=1e-3)


@few
@given(row_sets(1), arrays(np.float64, 6, elements=numbers))
def test_frechet_of_moved_rows_is_the_way_moved(sets, shift):
    (rows,) = sets
    shift = shift[: rows.shape[1]]
    assert frechet_distance(rows, rows + shift) == pytest.approx(np.linalg.norm(shift), abs=1e-4)


@few
@given(arrays(np.float64, 4, elements=st.floats(-5, 5)), st.integers(0, 2**31))
def test_penalty_of_a_linear_critic_is_known(weights, seed):
    torch.manual_seed(seed)
    slope = torch.tensor(weights)
    real, fake = torch.randn(2, 7, 4).double()
    weight = torch.rand(7, 1).double()
    penalty, norms = losses.gradient_penalty(lambda rows, _: rows @ slope, real, fake, None, weight)
    length = np.linalg.norm(weights)
    assert norms.tolist() == pytest.approx([length] * 7)
    assert penalty.item() == pytest.approx((length - 1) ** 2)


@few
@given(arrays(np.float32, (2, 9), elements=st.floats(-50, 50, width=32)))
def test_undecided_discriminators_lose_least_by_symmetry(logits):
    real, fake = torch.tensor(logits)
    loss = losses.CrossEntropy.critic(real, fake)
    torch.testing.assert_close(loss, losses.CrossEntropy.critic(-fake, -real))
    assert losses.CrossEntropy.critic(real, real) >= 2 * np.log(2) - 1e-5


@few
@given(
    st.sampled_from(sorted(CRITICS)),
    st.sampled_from(sorted(GENERATORS)),
    st.integers(1, 9),
    st.integers(1, 5),
    st.integers(1, 6),
)
def test_networks_fit_any_sizes(critic, generator, n_features, n_classes, latent_size):
    labels = torch.arange(4) % n_classes
    network = Generator(generator, latent_size, n_features, n_classes)
    rows = network(torch.randn(4, network.n_latent), labels)
    assert rows.shape == (4, n_features)
    assert Critic(critic, n_features, n_classes, 0.4)(rows, labels).shape == (4,)


@few
@given(st.integers(2, 60), st.integers(0, 2**32 - 1), st.data())
def test_batches_share_out_the_rows_and_can_be_entered_anywhere(n_rows, seed, data):
    size = data.draw(st.integers(2, n_rows))
    done = data.draw(st.integers(0, 40))
    per_epoch = n_rows // size

    def batches(start, count):
        stream = index_batches(n_rows, size, seed, start, torch.device("cpu"))
        return [(epoch, rows.tolist()) for epoch, rows in islice(stream, count)]

    everything = batches(0, done + per_epoch)
    assert batches(done, per_epoch) == everything[done:]
    one_pass = [row for epoch, rows in everything if epoch == 1 for row in rows]
    assert len(one_pass) == len(set(one_pass)) == per_epoch * size
    assert set(one_pass) <= set(range(n_rows))


@few
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "kind": st.sampled_from(KINDS),
            "critic": st.sampled_from(sorted(set(CRITICS) - {"mirrored-norm"})),
            "updates": st.integers(1, 10**6),
            "critic_steps": st.none() | st.integers(1, 200),
            "learning_rate": st.floats(1e-8, 1),
            "betas": st.lists(st.floats(0, 0.999), min_size=2, max_size=2),
        },
    )
)
def test_settings_survive_json_and_resolving(values):
    given_settings = GANSettings.from_dict(values)
    assert GANSettings.from_dict(json.loads(json.dumps(asdict(given_settings)))) == given_settings
    resolved = given_settings.resolved()
    assert resolved.resolved() == resolved
    open_ends = {name for name, value in asdict(resolved).items() if value is None}
    assert open_ends == {"epochs", "patience"}


@few
@given(
    st.dictionaries(
        st.text("abc.0", min_size=1, max_size=5),
        arrays(
            st.sampled_from([np.float32, np.int64, np.uint8]),
            st.lists(st.integers(0, 4), max_size=3).map(tuple),
        ),
        max_size=4,
    ),
    st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=5)),
)
def test_tensor_files_return_what_they_were_given(tmp_path_factory, arrays_by_name, header):
    folder = tmp_path_factory.mktemp("tensors")
    tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays_by_name.items()}
    header.pop("sha256", None)
    write_tensors(folder / "a", tensors, header)
    write_tensors(folder / "b", dict(reversed(tensors.items())), dict(reversed(header.items())))
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes()
    again, header_again = read_tensors(folder / "a")
    assert header_again == header
    assert again.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert again[name].dtype == tensor.dtype
        assert torch.equal(again[name].nan_to_num(), tensor.nan_to_num())


@few
@given(row_sets(1), st.floats(0.01, 0.5), st.integers(1, 3))
def test_whitening_is_undone(sets, power, n_classes):
    (rows,) = sets
    y = np.arange(len(rows)) % n_classes
    whitening = Whitening(rows.shape[1], power).double()
    whitening.learn(rows, y)
    again = whitening.undo(whitening(torch.from_numpy(rows)))
    np.testing.assert_allclose(again, rows, rtol=1e-6, atol=1e-6)
