"""The front desk: a raw file is indexed, looked through, and judged by policies."""
