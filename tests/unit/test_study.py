"""What a study consists of."""

import copy
from collections import Counter
from pathlib import Path

import pytest
from studies import TINY

from imsforge.seeding import derive_seed
from imsforge.study import Study
from imsforge.study.config import validate_config
from imsforge.study.experiment import FIGURES


@pytest.fixture
def schema(root):
    return root / "workflow/schemas/config.schema.yaml"


@pytest.fixture
def study(schema):
    return Study(validate_config(TINY, schema))


def changed(schema, **settings):
    """Return the tiny study with one experiment, and some of its settings changed."""
    tiny = TINY["datasets"]["tiny"]
    experiment = {**tiny["experiments"]["nmf"], **settings}
    one = {**tiny, "experiments": {"nmf": experiment}, "anomaly": {}}
    return Study(validate_config({**TINY, "datasets": {"tiny": one}}, schema))


def test_it_knows_datasets_experiments_and_maps_by_name(study):
    assert [dataset.name for dataset in study.datasets] == ["tiny"]
    assert [experiment.name for experiment in study.experiments] == ["nmf", "blocks"]
    assert study.experiment("tiny", "nmf").settings["features"] == 8
    assert study.anomaly_map("tiny", "spots").title == "tiny: spots"
    assert list(study.experiment("tiny", "nmf").repeats) == [1, 2]


def test_methods_come_with_the_generators_behind_them(study):
    blocks = study.experiment("tiny", "blocks")
    assert blocks.generators == ["vae"]
    assert {"vae", "vae+calibrate+filter", "smote"} <= set(study.methods)
    model = "results/tiny/blocks/repeat-1/vae/model.safetensors"
    assert blocks.model_behind("vae+calibrate+filter", 1) == model
    assert blocks.model_behind("noise", 1) is None


def test_methods_that_differ_in_the_remedy_share_a_training_set(schema):
    methods = ["vae+calibrate+tuned", "none", "vae+calibrate", "none+tuned"]
    study = changed(schema, methods=methods)
    nmf = study.experiment("tiny", "nmf")
    assert nmf.training_sets == study.training_sets[::-1] == ["vae+calibrate", "none"]
    own = [stage for stage in study.stages if "/repeat-1/vae+calibrate+tuned/" in stage.log]
    assert [stage.rule for stage in own] == ["evaluate"]
    resampled = "results/tiny/nmf/repeat-1/vae+calibrate/resampled.h5"
    assert nmf.training_set_behind("vae+calibrate+tuned", 1) == resampled
    assert nmf.training_set_behind("vae+calibrate", 1) == resampled
    assert nmf.first_files("resampled.h5", but=["none"]) == [resampled]
    assert "oversample/none+tuned/1" not in study.seeds
    assert study.seeds["evaluate/none+tuned/1"] != study.seeds["evaluate/none/1"]


def test_each_artifact_is_made_by_one_stage(study):
    assert max(Counter(study.artifacts).values()) == 1
    assert max(Counter(stage.log for stage in study.stages).values()) == 1
    assert set(study.shown) < set(study.artifacts)


def test_folders_are_as_they_are_given(schema):
    study = Study(validate_config(TINY, schema), "<results>", "elsewhere/logs")
    assert study.record == "<results>/provenance.json"
    assert all(path.startswith("<results>/") for path in study.artifacts)
    assert all(stage.log.startswith("elsewhere/logs/") for stage in study.stages)


def test_without_replacement_there_is_nothing_to_compare_with_real_spectra(schema):
    study = changed(schema, tasks=["oversample"])
    experiment = study.experiment("tiny", "nmf")
    assert experiment.figures == ["recall_matrices", "reliability", "training"]
    assert not [path for path in study.artifacts if "fidelity" in path]
    assert not [name for name in study.seeds if "fidelity" in name]


@pytest.mark.parametrize("method", ["random", "blocks"])
def test_test_pixels_are_like_training_pixels_in_a_random_split_alone(method, schema):
    experiment = changed(schema, split={"method": method}).experiment("tiny", "nmf")
    assert experiment.test_is_alike == (method == "random")


def test_without_generators_nothing_trains(schema):
    study = changed(schema, methods=["none"])
    figures = ["recall_matrices", "reliability", "fidelity", "frechet"]
    assert study.experiment("tiny", "nmf").figures == figures
    assert not [stage for stage in study.stages if stage.script.startswith("train_")]
    assert not [name for name in study.seeds if name.startswith("train_")]


def test_all_figures_come_in_the_order_of_the_report(study):
    assert study.experiment("tiny", "nmf").figures == list(FIGURES)


def test_trainings_of_all_repeats_at_once_are_a_stage_of_each_generator(schema):
    study = changed(schema, together=True, methods=["none", "cgan", "vae"])
    together = [stage for stage in study.stages if stage.rule == "train_together"]
    assert [stage.log for stage in together] == ["logs/tiny/nmf/together/cgan/train_together.log"]
    assert "results/tiny/nmf/together/cgan/repeat-2.safetensors" in together[0].files
    # Snakemake knows the folder alone.
    assert together[0].outputs == ("results/tiny/nmf/together/cgan",)
    assert {*study.artifacts} - {*study.outputs} == {*together[0].files}


def test_seeds_are_those_of_their_purposes(study):
    assert study.seeds["label"] == derive_seed(1, "label", "", "")
    assert study.seeds["split/2"] == derive_seed(1, "split", "", 2)
    assert study.seeds["oversample/smote/1"] == derive_seed(1, "oversample", "smote", "1")
    assert study.seeds["train_gan/anomaly"] == derive_seed(1, "train_gan", "anomaly", "", "")
    assert len(set(study.seeds.values())) == len(study.seeds)
    experiment = study.experiment("tiny", "nmf")
    told = [study.seeds[f"train_gan/cgan/{repeat}"] for repeat in experiment.repeats]
    assert study.seeds_of_repeats(experiment, "train_gan", "cgan") == told


def mapped(schema, **settings):
    """Return the tiny study with some settings of its anomaly map changed."""
    config = copy.deepcopy(TINY)
    config["datasets"]["tiny"]["anomaly"]["spots"] |= settings
    return Study(validate_config(config, schema))


def test_a_network_is_trained_for_a_critic_alone(schema, study):
    with_critic = {stage.rule for stage in study.stages}
    without = mapped(schema, detectors=["knn", "mahalanobis"])
    trained = {"scale_healthy", "train_healthy"}
    assert with_critic - {stage.rule for stage in without.stages} == trained
    assert "train_gan/anomaly" not in without.seeds
    assert "detect_anomalies" in without.seeds
    assert study.anomaly_map("tiny", "spots").has_critic


def test_a_map_says_how_pixels_are_scored_and_what_that_depends_on(schema):
    study = mapped(schema, detectors=["knn"], trim=0.1, known={"classes": [1]})
    spots = study.anomaly_map("tiny", "spots")
    assert spots.detection_settings == {
        **{"detectors": ["knn"], "view": "both", "rate": 0.1, "folds": 3, "trim": 0.1},
        **{"clusters": 3, "updates": 40},
    }
    assert spots.modules == ["imsforge.anomaly.discriminators", "imsforge.anomaly.library"]
    assert spots.known_classes == [1]
    assert not spots.background_by_class
    by_class = mapped(schema, off_tissue={"classes": 2}).anomaly_map("tiny", "spots")
    assert by_class.background_by_class
    assert by_class.known_classes is None


def test_files_that_only_the_data_name_lie_in_a_folder_of_a_stage(study):
    regions, *exports = study.folders
    assert regions == "results/tiny/anomaly/spots/regions"
    formats = TINY["datasets"]["tiny"]["export"]
    assert exports == [f"results/tiny/export/{name}" for name in formats]
    assert regions in study.outputs
    assert regions not in study.artifacts


def test_an_export_is_made_from_what_it_needs(study):
    (tiny,) = study.datasets
    tables = tiny.export_inputs("latex")
    assert "results/tiny/nmf/table.csv" in tables
    assert "results/tiny/anomaly/spots/regions.csv" in tables
    assert all(path.endswith(".csv") and "repeat" not in path for path in tables)
    assert len(set(tables)) == len(tables)
    assert "results/tiny/anomaly/spots/regions.csv" in tiny.export_inputs("geojson")
    generated = [path for path in tiny.export_inputs("imzml") if "repeat-" in path]
    # Those that are generated as a whole, of the first repeat; what is real is no generated one.
    folder = "results/tiny/nmf/repeat-1"
    methods = ("smote", "cgan", "cwgan-gp")
    assert generated == [
        *(f"{folder}/{method}/resampled.h5" for method in methods),
        f"{folder}/scaled.h5",
    ]
    assert {"experiments", "export"}.isdisjoint(tiny.export_settings)


def test_without_exports_there_is_no_stage_of_them(schema):
    study = changed(schema, methods=["none"])
    bare = copy.deepcopy(study.config)
    bare["datasets"]["tiny"]["export"] = []
    logs = [stage.log for stage in study.stages if stage.rule == "export"]
    assert logs[0] == "logs/tiny/export/anndata/export.log"
    assert "export" not in {stage.rule for stage in Study(bare).stages}
    assert Study(bare).datasets[0].exports == []


def test_it_names_what_a_user_gave(schema, tmp_path):
    for name in ("m.csv", "peaks.txt", "cortex.png", "healthy.png"):
        (tmp_path / name).write_text("400\n")
    own = {
        "input": str(tmp_path / "m.csv"),
        "peaks": {"list": str(tmp_path / "peaks.txt")},
        "labels": {"method": "file", "file": str(tmp_path / "cortex.png")},
        "anomaly": {"spots": {"healthy": {"mask": str(tmp_path / "healthy.png")}}},
    }
    study = Study(validate_config({"datasets": {"own": own}}, schema))
    (dataset,) = study.datasets
    assert dataset.raw_files == [str(tmp_path / "m.csv")]
    assert "list" not in dataset.peak_settings
    assert not {"file", "scan"} & set(dataset.label_settings)
    names = [Path(path).name for path in study.given_files]
    assert names == ["cortex.png", "healthy.png", "peaks.txt"]
    assert "phantom" not in {stage.rule for stage in study.stages}
