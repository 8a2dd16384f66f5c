"""`kill -9` at random moments: the same command again ends with the bytes of an undisturbed run."""

import time

import pytest
from killing import STAGES, kill_in_stage, kill_run, moments, rerun
from studies import TINY

from imsforge.gan.checkpoint import NAME

pytestmark = pytest.mark.workflow


def check_kill(study, finished, stage, what, moment):
    rule, folder, file = stage
    log, target = study.folder / "logs" / folder / f"{rule}.log", f"results/{file}"
    log.unlink()
    run = study.start("--forcerun", rule, "--", target)
    kill_in_stage(run, log, moment, what)
    rerun(study, target)
    assert study.bytes_of_results() == finished.bytes_of_results()


@pytest.mark.parametrize("what", ["run", "script"])
def test_a_training_is_killed(study, finished, what):
    (stage,) = (stage for stage in STAGES if stage[0] == "train_gan")
    check_kill(study, finished, stage, what, 0.5)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["run", "script"])
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage[0])
def test_every_stage_is_killed(study, finished, stage, what):
    (moment,) = moments(STAGES.index(stage), 1, 1.5)
    check_kill(study, finished, stage, what, moment)


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
