"""The real Snakefile, run in a folder of its own."""

from studies import TINY, Workspace, parse_plan

__all__ = ["TINY", "Workspace", "parse_plan"]
