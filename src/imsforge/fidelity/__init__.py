"""How real generated spectra look: two-sample tests, neighbours, ions, Fréchet distances."""
