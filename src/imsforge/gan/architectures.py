"""The theses' networks as one table (rows V10 and L2).

Van der Linden (2024), section 5-2, 5-3, appendix D; ``mirrored``: Leitner (2021), listings 1 and 2.

A network is a line of layers from input to output; both kinds see the embedding of the class
beside their input. The words of the table:

``linear n``
    fully connected to ``n`` outputs; ``out`` stands for one score (critic) or all features
    (generator)
``unbiased n``
    the same without biases
``leaky``, ``relu``, ``tanh``
    LeakyReLU with slope 0.2 (the slope of Radford et al. 2016, whom the theses follow), ReLU, tanh
``dropout``
    element by element, at the rate of the settings (the thesis: 0.4)
``norm``
    BatchNorm over features or, after ``channel``, over channels
``channel``, ``flat``
    from one vector to one channel, and from channels back to one vector
``conv c k``
    convolution to ``c`` channels with kernel ``k`` and stride 2, padded by ``k - 1``
``deconv c s``
    transposed convolution to ``c`` channels with kernel 4, stride ``s``, padded by 1
``noisy out``
    fully connected to a mean and a spread of each feature, from which
    `imsforge.gan.networks.CensoredNoise` makes the row; it ends a generator

No critic ends in a sigmoid: it gives a logit, which the cross-entropy loss takes as it is. Nor
does the generator ``dc8``, whose tabulated sigmoid could not reach standard-scaled features.
``mirrored`` generates rows from -1 to 1, made for the scaler ``minmax`` and 8 latent numbers; its
critic is ``mirrored-norm`` under the cross-entropy, and ``mirrored`` under a Wasserstein loss.

Trainable parameters at 573 features, 19 classes and 100 latent numbers:

========= ========= ========= ===========================================================
network       built tabulated why they differ
========= ========= ========= ===========================================================
critics
fc1             954       954
fc3         567,146   567,146
fc4         829,802   829,411 a hidden layer's 262,656 was summed as 262,265
dc8         317,130   317,130
dc32        485,610   485,610
generators
fc1          70,267    69,121 BatchNorm not counted (1,146)
fc3         197,664   197,664
fc4         476,960   474,278 BatchNorm not counted (2,682)
fc5       1,297,696 1,296,550 BatchNorm of the output not counted (1,146)
dc8         603,866   605,054 the tabulated layers sum to 603,866; cause unknown
========= ========= ========= ===========================================================

``noisy`` is this project's own, for full spectra: docs/gan.md says what it is for. It has
750,563 parameters at the sizes above.

Those of ``mirrored``, without what serves the classes, are the listings' 3,276 (generator), 3,137
(``mirrored-norm``) and 2,945 at 12 features.
"""

CRITICS = {
    "fc1": "linear out",
    "fc3": "linear 512, leaky, linear 512, dropout, leaky, linear out",
    "fc4": (
        "linear 512, leaky, linear 512, dropout, leaky, linear 512, dropout, leaky, linear out"
    ),
    "dc8": (
        "linear 512, leaky, channel, conv 8 5, leaky, dropout, conv 16 4, leaky, dropout, "
        "conv 32 4, leaky, dropout, conv 64 4, leaky, dropout, flat, linear out"
    ),
    "dc32": (
        "linear 512, leaky, channel, conv 32 5, leaky, dropout, conv 64 4, leaky, dropout, "
        "conv 128 4, leaky, dropout, conv 256 4, leaky, dropout, flat, linear out"
    ),
    "mirrored": "linear 64, leaky, dropout, linear 32, leaky, dropout, linear out",
    "mirrored-norm": (
        "linear 64, norm, leaky, dropout, linear 32, norm, leaky, dropout, linear out"
    ),
}

GENERATORS = {
    "fc1": "linear out, norm",
    "fc3": "linear 128, leaky, linear 256, norm, leaky, linear out, norm",
    "fc4": (
        "linear 128, leaky, linear 256, norm, leaky, linear 512, norm, leaky, linear out, norm"
    ),
    "fc5": (
        "linear 128, leaky, linear 256, norm, leaky, linear 512, norm, leaky, "
        "linear 1024, norm, leaky, linear out, norm"
    ),
    "dc8": (
        "linear 128, channel, norm, leaky, deconv 8 2, norm, leaky, deconv 4 2, norm, leaky, "
        "deconv 2 2, norm, leaky, deconv 1 1, norm, leaky, flat, linear out"
    ),
    "mirrored": "unbiased 32, norm, relu, unbiased 64, norm, relu, linear out, tanh",
    "noisy": "linear 256, leaky, linear 512, leaky, noisy out",
}


def is_noisy(generator):
    """Tell whether a generator ends in noise of its own for each feature."""
    return GENERATORS[generator].split(", ")[-1] == "noisy out"


def count_latent(generator, latent_size, n_features):
    """Return how many random numbers a row of a generator is made from."""
    return latent_size + n_features * is_noisy(generator)
