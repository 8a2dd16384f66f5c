"""The phantom on disk: imzML with its ibd, and the truth."""


def write_phantom(phantom, imzml):
    raise NotImplementedError
