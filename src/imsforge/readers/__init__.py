"""Raw formats: where the spectra of a file lie, and how to read them."""
