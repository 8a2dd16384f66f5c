import logging

import numpy as np
import pytest
import torch

from imsforge.gan import checkpoint, training
from imsforge.gan.architectures import CRITICS
from imsforge.gan.checkpoint import NAME, remove_checkpoint
from imsforge.gan.settings import KINDS, GANSettings
from imsforge.stage import limited_threads

SETTINGS = {
    kind: GANSettings(
        kind=kind,
        generator="fc1",
        critic="fc3",
        latent_size=4,
        batch_size=8,
        updates=30,
        critic_steps=3,
        average=0.9,
        dropout=0.3,
        rate_decay="linear",
    )
    for kind in KINDS
}
X = np.random.default_rng(0).normal(size=(45, 3)).astype(np.float32)
Y = np.arange(45) % 2


class KilledError(Exception):
    pass


@pytest.fixture(autouse=True)
def small_run_with_a_checkpoint_at_every_row_of_the_history(monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 0.0)
    monkeypatch.setitem(CRITICS, "fc3", "linear 16, leaky, linear 16, dropout, leaky, linear out")
    with limited_threads(1):
        yield


def train(folder, kind="cwgan-gp", seed=1, rows=X, labels=Y):
    return training.train(rows, labels, 2, SETTINGS[kind], seed=seed, checkpoint_dir=folder)


def train_until(cycle, folder, monkeypatch, error=KilledError, **arguments):
    """Train until the process dies in a cycle."""
    calls, draw = [], training.draw_together

    def dying(*rest):
        calls.append(1)
        if len(calls) == cycle:
            raise error
        return draw(*rest)

    with monkeypatch.context() as patch:
        patch.setattr(training, "draw_together", dying)
        with pytest.raises(error):
            train(folder, **arguments)


def content(model, path):
    model.save(path)
    return path.read_bytes(), model.history.to_csv()


@pytest.mark.parametrize("kind", SETTINGS)
def test_killed_runs_go_on_to_the_same_bytes(kind, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    undisturbed = content(train(None, kind), tmp_path / "undisturbed")
    folder = tmp_path / "checkpoint"
    for cycle in (2, 5, 7, 10):
        remove_checkpoint(folder)
        train_until(cycle, folder, monkeypatch, kind=kind)
        assert content(train(folder, kind), tmp_path / "resumed") == undisturbed
    assert caplog.text.count("training goes on after update") == 4


def test_a_run_killed_twice_goes_on_from_where_it_was(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    train_until(4, tmp_path, monkeypatch)
    train_until(4, tmp_path, monkeypatch)  # its fourth cycle is the seventh of the run
    resumed = content(train(tmp_path), tmp_path / "resumed")
    assert [line for line in caplog.messages if "goes on after update 9" in line]
    assert [line for line in caplog.messages if "goes on after update 18" in line]
    assert resumed == content(train(None), tmp_path / "undisturbed")


def other_rows():
    changed = X.copy()
    changed[3, 1] += 1e-3
    return {"rows": changed}


@pytest.mark.parametrize(
    "other",
    [{"seed": 2}, {"kind": "cgan"}, other_rows(), {"labels": 1 - Y}],
    ids=["seed", "kind", "rows", "labels"],
)
def test_a_checkpoint_of_another_run_is_not_used(other, tmp_path, monkeypatch, caplog):
    train_until(7, tmp_path, monkeypatch)
    model = content(train(tmp_path, **other), tmp_path / "model")
    assert "of another run; ignored" in caplog.text
    assert model == content(train(None, **other), tmp_path / "undisturbed")


def test_a_checkpoint_of_another_torch_is_not_used(tmp_path, monkeypatch, caplog):
    train_until(7, tmp_path, monkeypatch)
    monkeypatch.setattr(torch, "__version__", "9.9.9")
    train(tmp_path)
    assert "of another run; ignored" in caplog.text


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign"])
def test_a_damaged_checkpoint_is_not_used(damage, tmp_path, monkeypatch, caplog):
    train_until(7, tmp_path, monkeypatch)
    path = tmp_path / NAME
    data = bytearray(path.read_bytes())
    if damage == "cut":
        del data[-100:]
    elif damage == "flipped":
        data[-100] ^= 1
    else:
        data = b"not tensors"
    path.write_bytes(data)
    model = content(train(tmp_path), tmp_path / "model")
    assert "checkpoint ignored, training begins anew" in caplog.text
    assert model == content(train(None), tmp_path / "undisturbed")


def test_an_interrupted_run_keeps_its_last_row_however_recent(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 3600.0)
    train_until(6, tmp_path, monkeypatch, error=KeyboardInterrupt)
    resumed = content(train(tmp_path), tmp_path / "resumed")
    assert "goes on after update 15" in caplog.text
    assert resumed == content(train(None), tmp_path / "undisturbed")


def test_checkpoints_are_not_written_all_the_time(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS_BETWEEN", 3600.0)
    train(tmp_path)
    assert not (tmp_path / NAME).exists()


def test_checkpoint_is_removed_with_its_folder(tmp_path):
    folder = tmp_path / "unfinished"
    train(folder)
    assert (folder / NAME).exists()
    remove_checkpoint(folder)
    assert not folder.exists()
    remove_checkpoint(folder)


def test_files_beside_a_checkpoint_are_kept(tmp_path):
    train(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    remove_checkpoint(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
