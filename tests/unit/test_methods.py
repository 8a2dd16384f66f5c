"""Names of methods."""

import pytest

from imsforge.methods import REMEDIES, Method, is_remedy_of, parse_method


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("none", Method("none")),
        ("none+tuned", Method("none", (), "tuned")),
        ("cwgan-gp+calibrate+filter", Method("cwgan-gp", ("calibrate", "filter"))),
        ("vae+calibrate+class-weights", Method("vae", ("calibrate",), "class-weights")),
    ],
)
def test_a_name_is_a_training_set_and_a_remedy(name, method):
    assert parse_method(name) == method
    assert "+".join(method.parts) == name
    assert parse_method(method.training_set) == Method(method.sampler, method.refinements)


def test_remedies_are_for_some_classifiers_or_all():
    assert is_remedy_of(None, "lda")
    assert is_remedy_of("tuned", "lda")
    assert is_remedy_of("balanced-forest", "random-forest")
    assert not is_remedy_of("balanced-forest", "lda")
    assert not is_remedy_of("class-weights", "nearest-neighbours")


def test_no_remedy_is_a_sampler_or_a_refinement():
    from imsforge.oversampling.registry import REFINEMENTS, SAMPLERS

    assert not set(REMEDIES) & {*SAMPLERS, *REFINEMENTS}
