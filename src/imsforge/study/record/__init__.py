"""The record of a run: what went in, what came out, with what; and whether it still holds."""
