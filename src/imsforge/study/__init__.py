"""One study as a whole: what it consists of, its code, its record and its report."""

from imsforge.study.study import Study

__all__ = ["Study"]
