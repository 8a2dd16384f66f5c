"""What a training set is worth: classifiers, scores, comparisons, tables."""
