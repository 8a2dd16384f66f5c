"""Which pixels do not look like healthy tissue: scores from critics, and their baselines."""
