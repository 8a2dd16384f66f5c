import dataclasses
import json
import math

import pytest
import yaml

from imsforge.errors import ConfigError
from imsforge.gan.architectures import count_latent
from imsforge.gan.settings import RECIPES, GANSettings

THESIS = RECIPES["thesis"]


def test_thesis_settings_are_the_thesis():
    settings = GANSettings(**THESIS).resolved()
    assert (settings.kind, settings.generator, settings.critic) == ("cwgan-gp", "fc4", "fc3")
    assert (settings.latent_size, settings.dropout, settings.batch_size) == (100, 0.4, 64)
    assert (settings.critic_steps, settings.learning_rate) == (100, 1e-4)
    assert settings.updates == 1000 * (25_000 // 64)
    assert settings.penalty_weight == 10


def test_the_thesis_study_has_the_thesis_settings(root):
    study = yaml.safe_load((root / "config" / "studies" / "kidney.yaml").read_text())
    kidney = study["datasets"]["kidney-thesis"]
    for user in (kidney["experiments"]["nmf-50"], kidney["anomaly"]["colonies"]):
        assert GANSettings.from_dict(user["gan"]) == GANSettings(**THESIS)


def test_a_recipe_is_laid_under_what_is_said():
    settings = GANSettings.from_dict({"recipe": "thesis", "updates": 7})
    assert (settings.updates, settings.dropout) == (7, 0.4)
    assert GANSettings.from_dict({"recipe": "default"}) == GANSettings()
    with pytest.raises(ConfigError, match="recipe: must be one of default, thesis"):
        GANSettings.from_dict({"recipe": "best"})


def test_full_spectra_have_noise_in_every_peak():
    settings = GANSettings.from_dict({"recipe": "full-spectra"})
    assert count_latent(settings.generator, settings.latent_size, 573) == 100 + 573
    assert settings.dropout == 0
    assert settings.whitening == 0.25
    assert GANSettings().whitening == 0


def test_settings_are_fitted_to_the_rows():
    settings = GANSettings(batch_size=64, updates=1000, epochs=3)
    assert settings.resolved(640).updates == 30
    assert settings.resolved(40).batch_size == 40
    assert settings.resolved(10**6).updates == 1000


def test_what_is_left_open_follows_from_the_rest():
    assert GANSettings(kind="cgan", **THESIS).resolved().critic_steps == 1
    assert GANSettings(**THESIS).resolved().generator_learning_rate == pytest.approx(1e-3)
    four = GANSettings(**(THESIS | {"critic_steps": 4}))
    assert four.resolved().generator_learning_rate == pytest.approx(2e-4)
    assert GANSettings().resolved() == GANSettings()


def test_settings_survive_json():
    settings = GANSettings(betas=(0.0, 0.9), updates=7)
    again = json.loads(json.dumps(dataclasses.asdict(settings)))
    assert GANSettings.from_dict(again) == settings


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kind", "wgan"),
        ("kind", []),
        ("generator", "fc2"),
        ("critic", "fc5"),
        ("critic", "mirrored-norm"),
        ("latent_size", 0),
        ("latent_size", 10.0),
        ("batch_size", 1),
        ("batch_size", True),
        ("updates", 0),
        ("critic_steps", 0),
        ("dropout", 1.0),
        ("dropout", -0.1),
        ("learning_rate", 0),
        ("learning_rate", math.nan),
        ("generator_learning_rate", -1e-4),
        ("betas", (0.9, 1.0)),
        ("betas", (0.9,)),
        ("betas", 0.9),
        ("penalty_weight", math.inf),
        ("epochs", 0),
        ("patience", 0),
        ("average", 1.0),
        ("clip", 0),
        ("whitening", 0.6),
        ("whitening", -0.1),
        ("rate_decay", "cosine"),
    ],
)
def test_impossible_values_are_told_by_their_key(key, value):
    with pytest.raises(ConfigError, match=rf"^gan\.{key}: must be ") as raised:
        GANSettings(**{key: value})
    assert "\n" not in str(raised.value)


def test_numbers_that_yaml_reads_as_text_are_explained():
    with pytest.raises(ConfigError, match=r"1\.0e-4"):
        GANSettings(learning_rate="1e-4")


def test_unknown_key_is_told_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"unknown key 'epoch'.*updates"):
        GANSettings.from_dict({"epoch": 1000})
