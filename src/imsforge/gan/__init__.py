"""Conditional GANs: networks, losses, training, checkpoints, and the trained model."""
