"""A conditional variational autoencoder for spectra that are full of exact zeros."""
