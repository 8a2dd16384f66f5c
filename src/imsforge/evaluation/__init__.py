"""Splits, classifiers, scores and tables."""
