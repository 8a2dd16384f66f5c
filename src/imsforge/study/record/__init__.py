"""The record of a run: what went in, what came out, with what; and whether it still holds."""

from imsforge.study.record.crate import write_crate
from imsforge.study.record.run import describe_run
from imsforge.study.record.verify import verify_run

__all__ = ["describe_run", "verify_run", "write_crate"]
