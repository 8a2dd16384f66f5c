"""`kill -9` at random moments: the same command again ends with the bytes of an undisturbed run."""

import copy
import time

import pytest
from killing import OTHER_STAGES, STAGES, kill_in_stage, kill_run, log_of, moments, rerun
from studies import TINY, declared_resources

from imsforge.gan.checkpoint import NAME
from imsforge.study.record.run import DONE

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def extended(finished, tmp_path_factory):
    """The finished study, and what only other settings ask for."""
    config = copy.deepcopy(TINY)
    config["datasets"]["tiny"]["labels"]["scan"] = {"classes": [2, 3], "seeds": 2, "pixels": 100}
    config["datasets"]["tiny"]["experiments"]["nmf"]["together"] = True
    extended = finished.copy(tmp_path_factory.mktemp("extended"))
    extended.configure(config)
    run = extended.snakemake(*(f"results/{file}" for _, _, file in OTHER_STAGES))
    assert run.returncode == 0, run.stderr
    return extended


def check_kill(study, undisturbed, stage, what, share):
    """Kill a run, or the script alone, when a stage has worked for a share of its time."""
    rule, _, file = stage
    log, target = study.folder / "logs" / log_of(stage), f"results/{file}"
    seconds = float(DONE.search(log.read_text()).group(1))
    log.unlink()
    run = study.start("--forcerun", rule, "--", target)
    kill_in_stage(run, log, share * seconds, what)
    rerun(study, target)
    assert study.bytes_of_results() == undisturbed.bytes_of_results()


def test_no_stage_is_left_out(root):
    rules = set(declared_resources(root)) - {"verify"}  # makes nothing
    assert {stage[0] for stage in STAGES + OTHER_STAGES} == rules


@pytest.mark.parametrize("what", ["run", "script"])
def test_a_training_is_killed(study, finished, what):
    (stage,) = (stage for stage in STAGES if stage[0] == "train_gan")
    check_kill(study, finished, stage, what, 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["run", "script"])
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage[0])
def test_every_stage_is_killed(study, finished, stage, what):
    (share,) = moments(STAGES.index(stage), 1, 1.2)
    check_kill(study, finished, stage, what, share)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["run", "script"])
@pytest.mark.parametrize("stage", OTHER_STAGES, ids=lambda stage: stage[0])
def test_stages_of_other_settings_are_killed(extended, tmp_path, stage, what):
    (share,) = moments(50 + OTHER_STAGES.index(stage), 1, 1.2)
    check_kill(extended.copy(tmp_path), extended, stage, what, share)


@pytest.mark.slow
def test_a_study_is_killed_again_and_again(workspace, finished):
    """From nothing to the end through five kills, whatever is running."""
    workspace.configure(TINY)
    for moment in moments(100, 5, 20):
        run = workspace.start("--nolock")
        time.sleep(4 + moment)
        kill_run(run)
    rerun(workspace)
    assert workspace.bytes_of_results() == finished.bytes_of_results()


def test_a_checkpoint_that_was_cut_is_not_used(study, finished):
    """A training begins anew where what it left is damaged."""
    folder = study.folder / "results/tiny/nmf/repeat-1/cwgan-gp"
    (folder / "model.safetensors").unlink()
    (folder / ".checkpoint").mkdir()
    (folder / ".checkpoint" / NAME).write_bytes(b"\x10\0\0\0\0\0\0\0{")
    rerun(study, "results/tiny/nmf/repeat-1/cwgan-gp/model.safetensors")
    log = study.folder / "logs/tiny/nmf/repeat-1/cwgan-gp/train_gan.log"
    assert "checkpoint ignored, training begins anew" in log.read_text()
    assert study.bytes_of_results() == finished.bytes_of_results()
