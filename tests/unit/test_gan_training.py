import logging

import numpy as np
import pytest
import torch

from imsforge.errors import DataError
from imsforge.gan import training
from imsforge.gan.architectures import CRITICS, GENERATORS
from imsforge.gan.cycle import Cycle
from imsforge.gan.monitor import COLUMNS, held_out
from imsforge.gan.settings import KINDS, GANSettings
from imsforge.stage import limited_threads


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    monkeypatch.setitem(CRITICS, "small", "linear 64, leaky, linear 64, dropout, leaky, linear out")
    monkeypatch.setitem(
        GENERATORS, "small", "linear 64, leaky, linear 64, norm, leaky, linear out, norm"
    )
    with limited_threads(1):
        yield


def small(**changes):
    common = {
        "generator": "small",
        "critic": "small",
        "latent_size": 4,
        "batch_size": 10,
        "updates": 24,
        "critic_steps": 3,
    }
    return GANSettings(**(common | changes))


def rows(n=43, n_features=3, n_classes=2, seed=0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % n_classes
    return rng.normal(size=(n, n_features)) + y[:, None], y


def content(model, path):
    model.save(path)
    return path.read_bytes()


def test_learns_two_classes():
    means = np.array([[-1.0, 0.5], [1.0, -0.5]])
    deviations = np.array([[0.3, 0.6], [0.6, 0.2]])
    y = np.repeat([0, 1], [400, 200])
    X = means[y] + deviations[y] * np.random.default_rng(0).normal(size=(600, 2))
    settings = small(
        batch_size=100,
        updates=1200,
        critic_steps=2,
        learning_rate=2e-3,
        generator_learning_rate=1e-3,
        betas=(0.0, 0.9),
        dropout=0.0,
        penalty_weight=1.0,
        average=0.0,
    )
    model = training.train(X, y, 2, settings, seed=0)
    labels = np.repeat([0, 1], 2000)
    generated = model.sample(labels, seed=1)
    for code in (0, 1):
        learned, real = generated[labels == code], X[y == code]
        # Classes mixed up, merged or left untrained miss these by far: the means lie 2 apart,
        # and the deviations of all rows together are up to five times a class' own.
        np.testing.assert_allclose(learned.mean(axis=0), real.mean(axis=0), atol=0.4)
        ratio = learned.std(axis=0) / real.std(axis=0)
        assert (ratio > 0.6).all()
        assert (ratio < 1.7).all()
    assert model.history["frechet"].iloc[-1] < 0.4 * model.history["frechet"].iloc[0]


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_bytes(kind, tmp_path):
    X, y = rows()
    first = training.train(X, y, 2, small(kind=kind), seed=1)
    torch.rand(5)
    second = training.train(X, y, 2, small(kind=kind), seed=1)
    other = training.train(X, y, 2, small(kind=kind), seed=2)
    assert content(first, tmp_path / "a") == content(second, tmp_path / "b")
    assert content(first, tmp_path / "a") != content(other, tmp_path / "c")
    assert first.history.to_csv() == second.history.to_csv()


def test_the_callers_random_state_is_left_alone():
    X, y = rows()
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    before, before_numpy = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    training.train(X, y, 2, small(), seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(np.random.get_state()[1], before_numpy)  # noqa: NPY002


def test_history_of_a_cwgan_gp():
    X, y = rows()
    history = training.train(X, y, 2, small(updates=20), seed=0).history
    assert list(history.columns) == [*COLUMNS, "frechet_0", "frechet_1"]
    classes = history[["frechet_0", "frechet_1"]].mean(axis=1)
    np.testing.assert_allclose(history["frechet"], classes)
    assert list(history["update"]) == [3, 6, 9, 12, 15, 18, 20]
    assert list(history["epoch"]) == [1, 2, 3, 3, 4, 5, 5]  # four batches of ten in 43 rows
    # Two updates without one of the generator end the run.
    assert history["generator_loss"].isna().tolist() == [False] * 6 + [True]
    assert history.drop(columns="generator_loss").notna().all(axis=None)
    loss = (
        history["critic_fake"] - history["critic_real"] + 10 * history["gradient_penalty"]
    ).to_numpy()
    np.testing.assert_allclose(history["critic_loss"], loss, rtol=1e-4, atol=1e-5)


def test_history_of_a_cgan_tells_probabilities():
    X, y = rows()
    history = training.train(X, y, 2, small(kind="cgan", critic_steps=1), seed=0).history
    assert history[["gradient_norm", "gradient_penalty"]].isna().all(axis=None)
    assert history[["critic_real", "critic_fake"]].stack().between(0, 1).all()


def test_history_stays_short():
    X, y = rows()
    history = training.train(X, y, 2, small(updates=201, critic_steps=1), seed=0).history
    assert len(history) == 67
    assert history["update"].iloc[-1] == 201


def watch(monkeypatch):
    """Record what the cycles are given."""
    seen, draw = [], training.draw_together

    def watched(*arguments):
        seen.append(draw(*arguments))
        return seen[-1]

    monkeypatch.setattr(training, "draw_together", watched)
    return seen


def test_critic_steps_are_counted_over_the_whole_training(monkeypatch):
    # Five critic steps for one of the generator, but only four batches in a pass.
    X, y = rows()
    seen = watch(monkeypatch)
    history = training.train(X, y, 2, small(critic_steps=5, updates=23), seed=0).history
    assert [draws.real.shape[1] for draws in seen] == [5, 5, 5, 5, 3]
    assert history["generator_loss"].notna().tolist() == [True] * 4 + [False]


def test_every_pass_shuffles_all_rows_and_drops_the_last_batch(monkeypatch):
    X = np.arange(43.0)[:, None]
    seen = watch(monkeypatch)
    training.train(X, np.zeros(43, dtype=int), 1, small(updates=8, critic_steps=4), seed=0)
    first, second = (draws.real.ravel().tolist() for draws in seen)
    assert len(set(first)) == len(set(second)) == 40
    assert first != second


def test_both_networks_see_the_classes_as_often_as_the_data_has_them(monkeypatch):
    X, _ = rows(1000)
    y = np.repeat([0, 1], [900, 100])
    seen = watch(monkeypatch)
    settings = small(updates=60, critic_steps=1, batch_size=100)
    training.train(X, y, 2, settings, seed=0)
    for name in ("labels", "generator_labels"):
        share = torch.cat([getattr(draws, name) for draws in seen])[..., 1].mean().item()
        assert share == pytest.approx(0.1, abs=0.02)


def test_critic_steps_leave_the_generators_weights_alone():
    X, y = rows()
    torch.manual_seed(3)
    untrained = training.ConditionalGAN(small().resolved(), 3, 2)
    model = training.train(X, y, 2, small(updates=9, critic_steps=10), seed=3)
    for before, after in zip(
        untrained.generator.parameters(), model.generator.parameters(), strict=True
    ):
        assert torch.equal(before, after)
        assert after.grad is None
    assert not torch.equal(untrained.critic.body[0].weight, model.critic.body[0].weight)


def test_few_rows_make_a_smaller_batch(caplog):
    X, y = rows(7)
    with caplog.at_level(logging.WARNING):
        model = training.train(X, y, 2, small(), seed=0)
    assert model.settings.batch_size == 7
    assert "reduced to 7" in caplog.text


def test_classes_of_one_row_can_be_trained_on():
    X, _ = rows(20, n_classes=1)
    model = training.train(X, np.r_[np.zeros(19, dtype=int), 1], 3, small(), seed=0)
    assert model.history["frechet"].notna().all()
    alone = training.train(X[:2], [0, 1], 2, small(), seed=0)
    assert alone.history["frechet"].isna().all()


@pytest.mark.parametrize(
    ("X", "y", "told"),
    [
        (np.ones((1, 3)), [0], "two rows or more"),
        (np.ones(4), [0, 0, 1, 1], "shape"),
        (np.ones((4, 3)), [0, 1], "4 rows but 2 labels"),
        (np.ones((2, 3)), [0, 2], "codes 0 to 1"),
        (np.ones((2, 3)), [0.0, 1.0], "whole number"),
        (np.array([[1.0], [np.inf]]), [0, 1], "row 1 holds"),
    ],
)
def test_impossible_rows_are_refused(X, y, told):
    with pytest.raises(DataError, match=told):
        training.train(X, y, 2, small(), seed=0)


def explode_at(monkeypatch, cycle, loss, run=0):
    calls, step = [], Cycle.__call__

    def exploding(self, draws):
        calls.append(1)
        readings = step(self, draws)
        if len(calls) == cycle:
            self.state.stacks["critic"].networks[run].body[0].weight.data.fill_(torch.nan)
            readings["critic_loss"][run] = loss
        return readings

    monkeypatch.setattr(Cycle, "__call__", exploding)


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), -1e9])
def test_exploding_training_keeps_the_last_good_weights(monkeypatch, caplog, loss):
    X, y = rows()
    good = training.train(X, y, 2, small(updates=12), seed=0)
    explode_at(monkeypatch, 5, loss)
    with caplog.at_level(logging.WARNING):
        model = training.train(X, y, 2, small(), seed=0)
    assert model.updates == 12
    assert model.history["update"].iloc[-1] == 12
    assert "exploded by update 15" in caplog.text
    assert "weights of update 12" in caplog.text
    for name, network in model.networks.items():
        for key, value in network.state_dict().items():
            assert torch.equal(value, good.networks[name].state_dict()[key])
    assert np.isfinite(model.score(X, y)).all()


def test_training_that_explodes_at_once_is_an_error(monkeypatch):
    explode_at(monkeypatch, 1, float("nan"))
    with pytest.raises(DataError, match="nothing was learned"):
        training.train(*rows(), 2, small(), seed=0)


def test_epochs_end_a_training():
    X, y = rows()  # four batches of ten in 43 rows
    model = training.train(X, y, 2, small(updates=1000, epochs=2.5), seed=0)
    assert model.updates == 10
    assert model.history["epoch"].iloc[-1] == 3
    assert training.train(X, y, 2, small(updates=8, epochs=100), seed=0).updates == 8


def follow(monkeypatch, distances):
    """Let the Fréchet distances be what a test wants."""
    values = iter(distances)
    monkeypatch.setattr(
        training.FrechetMonitor, "distances", lambda self: {"frechet": next(values)}
    )


def test_patience_keeps_the_weights_of_the_smallest_distance(monkeypatch, caplog):
    X, y = rows(60)
    settings = small(updates=3000, patience=3)
    interval = training._history_interval(settings)
    follow(monkeypatch, [5, 4, 2, 3, 3, 2, 1])
    with caplog.at_level(logging.INFO):
        model = training.train(X, y, 2, settings, seed=0)
    assert "no smaller Fréchet distance in 3 rows" in caplog.text
    assert model.history["frechet"].tolist() == [5, 4, 2, 3, 3, 2]
    assert model.updates == 3 * interval


def test_held_out_rows_are_not_learned_from(monkeypatch):
    X, y = rows(200)
    seen = watch(monkeypatch)
    mask = held_out(y, small(patience=5), seed=0)
    assert [mask[y == code].sum() for code in (0, 1)] == [10, 10]
    training.train(X, y, 2, small(updates=90, patience=1000), seed=0)
    learned = {tuple(row) for draws in seen for row in draws.real.reshape(-1, 3).tolist()}
    withheld = {tuple(row) for row in X[mask].astype(np.float32).tolist()}
    assert not learned & withheld
    assert held_out(y, small(), seed=0) is None


def test_a_batch_is_no_larger_than_the_rows_that_are_learned_from():
    X, y = rows(40)
    model = training.train(X, y, 2, small(batch_size=40, patience=1000), seed=0)
    assert model.settings.batch_size == 36


def test_patience_needs_rows_to_hold_out():
    with pytest.raises(DataError, match="patience: no class has 20"):
        training.train(*rows(30), 2, small(patience=3), seed=0)


def test_linear_decay_ends_near_zero(monkeypatch):
    X, y = rows()
    rates, step = [], Cycle.__call__

    def watched(self, draws):
        rates.append([adam.rate.item() for adam in self.state.optimisers.values()])
        return step(self, draws)

    monkeypatch.setattr(Cycle, "__call__", watched)
    settings = small(rate_decay="linear", learning_rate=0.1, generator_learning_rate=0.01)
    training.train(X, y, 2, settings, seed=0)
    np.testing.assert_allclose([rate for rate, _ in rates], np.linspace(0.1, 0.1 / 8, 8), rtol=1e-6)
    np.testing.assert_allclose(
        [rate for _, rate in rates], np.linspace(0.01, 0.01 / 8, 8), rtol=1e-6
    )


def test_clipping_holds_every_weight_of_the_critic():
    X, y = rows()
    model = training.train(X, y, 2, small(kind="cwgan", clip=0.02), seed=0)
    largest = max(parameter.abs().max().item() for parameter in model.critic.parameters())
    assert largest == pytest.approx(0.02)


def test_the_moving_average_is_what_is_kept(monkeypatch):
    X, y = rows()
    course, step = [], Cycle.__call__

    def watched(self, draws):
        readings = step(self, draws)
        course.append(self.state.stacks["generator"].values.clone())
        return readings

    monkeypatch.setattr(Cycle, "__call__", watched)
    torch.manual_seed(1)
    untrained = training.ConditionalGAN(small().resolved(), 3, 2).generator
    average = torch.cat([parameter.detach().ravel() for parameter in untrained.parameters()])
    model = training.train(X, y, 2, small(average=0.8), seed=1)
    for number, values in enumerate(course):
        average = torch.lerp(average, values[: len(average)], max(0.2, 9 / (10 + number)))
    kept = torch.cat([parameter.detach().ravel() for parameter in model.generator.parameters()])
    torch.testing.assert_close(kept, average)


def test_observers_are_told_every_row():
    told = []
    model = training.train(*rows(), 2, small(), seed=0, observer=told.append)
    assert [row["update"] for row in told] == model.history["update"].tolist()


def test_generated_rows_end_where_the_training_rows_do(tmp_path):
    # Half of the first feature's values are equal, as zeros of a spectrum are.
    X = np.maximum(np.random.default_rng(0).normal(size=(200, 3)), [0.0, -9.0, -9.0])
    y = np.arange(200) % 2
    settings = GANSettings(generator="noisy", latent_size=4, updates=60, average=0.9)
    model = training.train(X, y, 2, settings, seed=0)
    least = X.min(axis=0).astype(np.float32)
    np.testing.assert_array_equal(model.generator.noise.floor.numpy(), least)
    rows = model.sample(np.arange(400) % 2, seed=1)
    assert (rows >= least).all()
    assert 0.1 < (rows[:, 0] == least[0]).mean() < 0.9
    model.save(tmp_path / "model.safetensors")
    again = training.ConditionalGAN.load(tmp_path / "model.safetensors", device="cpu")
    np.testing.assert_array_equal(again.sample(np.arange(400) % 2, seed=1), rows)
