import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from imsforge.errors import DataError
from imsforge.gan import model as model_module
from imsforge.gan.model import ConditionalGAN
from imsforge.gan.networks import count_parameters
from imsforge.gan.settings import GANSettings

SETTINGS = GANSettings(generator="fc3", critic="fc1", latent_size=5, betas=(0, 0.9)).resolved()


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = ConditionalGAN(SETTINGS, n_features=6, n_classes=3)
    model.updates = 12
    return model


def test_sample_is_decided_by_labels_and_seed(model):
    labels = np.array([0, 2, 1, 1])
    rows = model.sample(labels, seed=4)
    assert rows.shape == (4, 6)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, model.sample(labels, seed=4))
    assert not np.allclose(rows, model.sample(labels, seed=5))
    assert not np.allclose(rows[2], rows[3])


def test_a_generated_row_does_not_depend_on_the_others(model):
    # In training BatchNorm would make it so.
    mixed, alike = model.sample([0, 1, 1], seed=1), model.sample([0, 2, 2], seed=1)
    np.testing.assert_allclose(mixed[0], alike[0], rtol=1e-5)


def test_sampling_and_loading_leave_the_random_state_alone(model, tmp_path):
    model.save(tmp_path / "model.safetensors")
    before = torch.get_rng_state()
    model.sample([0, 1], seed=1)
    ConditionalGAN.load(tmp_path / "model.safetensors", device="cpu")
    assert torch.equal(torch.get_rng_state(), before)


def test_scores_are_the_critics(model):
    X = np.random.default_rng(0).normal(size=(7, 6))
    labels = np.array([0, 1, 2, 0, 1, 2, 0], dtype=np.int16)
    with torch.no_grad():
        expected = model.critic(torch.tensor(X, dtype=torch.float32), torch.tensor(labels).long())
    scores = model.score(X, labels)
    assert scores.dtype == np.float32
    np.testing.assert_array_equal(scores, expected.numpy())


def test_scores_do_not_depend_on_the_size_of_blocks(model, monkeypatch):
    X, labels = np.ones((10, 6)), np.zeros(10, dtype=int)
    whole = model.score(X, labels)
    monkeypatch.setattr(model_module, "BLOCK_ROWS", 3)
    np.testing.assert_allclose(model.score(X, labels), whole, rtol=1e-6)
    assert model.sample(labels, seed=0).shape == (10, 6)


def test_no_rows_in_no_rows_out(model):
    assert model.sample([], seed=0).shape == (0, 6)
    assert model.score(np.empty((0, 6)), []).shape == (0,)


@pytest.mark.parametrize("labels", [[3], [-1], [0.5], [[0, 1]], ["a"]])
def test_impossible_labels_are_refused(model, labels):
    with pytest.raises(DataError, match=r"^labels: "):
        model.sample(labels, seed=0)


def test_rows_of_another_width_are_refused(model):
    with pytest.raises(DataError, match="6 features"):
        model.score(np.ones((2, 5)), [0, 1])


def test_counts_of_parameters(model):
    assert model.n_parameters == {
        "generator": count_parameters(model.generator),
        "critic": count_parameters(model.critic),
    }
    assert model.n_parameters["critic"] == 3 * 3 + (6 + 3) + 1


def test_a_saved_model_is_the_same_model(model, tmp_path):
    model.save(tmp_path / "a.safetensors")
    loaded = ConditionalGAN.load(tmp_path / "a.safetensors", device="cpu")
    assert (loaded.settings, loaded.n_features, loaded.n_classes) == (SETTINGS, 6, 3)
    assert loaded.updates == 12
    labels = np.arange(3).repeat(4)
    rows = model.sample(labels, seed=2)
    np.testing.assert_array_equal(loaded.sample(labels, seed=2), rows)
    np.testing.assert_array_equal(loaded.score(rows, labels), model.score(rows, labels))
    loaded.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_missing_file_is_told(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        ConditionalGAN.load(tmp_path / "none.safetensors")


def test_files_of_others_are_told(tmp_path):
    path = tmp_path / "foreign.safetensors"
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(DataError, match="not written by imsforge"):
        ConditionalGAN.load(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="damaged"):
        ConditionalGAN.load(path)


@pytest.mark.parametrize("position", [0.0, 0.02, 0.5, 0.999])
def test_a_flipped_byte_is_noticed(model, tmp_path, position):
    path = tmp_path / "model.safetensors"
    model.save(path)
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] ^= 0x41
    path.write_bytes(content)
    with pytest.raises(DataError) as raised:
        ConditionalGAN.load(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("kept", [0, 7, 200, -1])
def test_a_cut_file_is_noticed(model, tmp_path, kept):
    path = tmp_path / "model.safetensors"
    model.save(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match="damaged"):
        ConditionalGAN.load(path)
