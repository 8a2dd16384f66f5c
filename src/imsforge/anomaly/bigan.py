"""A bidirectional GAN: a generator, its inverse, and a discriminator of both at once."""

from numbers import Real

import torch
from sklearn.utils._param_validation import Interval

from imsforge.anomaly.fully_connected import (
    ADVERSARIAL_BETAS,
    Descent,
    draw_rows,
    frozen,
    fully_connected,
    weights_from,
)
from imsforge.anomaly.generative import ReconstructingDetector
from imsforge.gan.losses import CrossEntropy
from imsforge.seeding import derive_seed


class EGBAD(ReconstructingDetector):
    """How badly a bidirectional GAN of healthy rows inverts a row (Zenati et al. 2018).

    A BiGAN (Donahue et al. 2017) learns an encoder beside the generator: the discriminator sees
    healthy rows with their encodings, and generated rows with the latent numbers that they are made
    from, and both networks deceive it. The score is the distance of a row from what the generator
    makes of its encoding, and the same distance in the discriminator's last hidden layer, both
    absolute and summed. The authors' other choice for the second part, the discriminator's
    cross-entropy, says nothing far from all rows that it has seen.

    Parameters
    ----------
    latent_size : int, default=16
    hidden : sequence of int, default=(128,)
        Widths of the hidden layers of encoder and discriminator; the generator has them reversed.
    discriminator_share : float, default=0.1
        Share of the discriminator's part in the score.
    updates : int, default=3000
        Of the discriminator, and as many of generator and encoder.
    batch_size : int, default=128
    learning_rate : float, default=1e-3
        Of Adam, at the start; it falls evenly to zero.
    random_state : int, RandomState instance or None, default=None
        The same int gives the same scores.

    Attributes
    ----------
    networks_ : torch.nn.ModuleDict of encoder, generator and discriminator, in float64

    References
    ----------
    J. Donahue, P. Krähenbühl, T. Darrell, "Adversarial feature learning", ICLR 2017.
    H. Zenati, C. S. Foo, B. Lecouat, G. Manek, V. R. Chandrasekhar, "Efficient GAN-based anomaly
    detection", arXiv:1802.06222, 2018.
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **ReconstructingDetector._parameter_constraints,
        "hidden": ["array-like"],
        "discriminator_share": [Interval(Real, 0, 1, closed="both")],
    }

    def __init__(
        self,
        latent_size=16,
        hidden=(128,),
        discriminator_share=0.1,
        updates=3000,
        batch_size=128,
        learning_rate=1e-3,
        random_state=None,
    ):
        self.latent_size = latent_size
        self.hidden = hidden
        self.discriminator_share = discriminator_share
        self.updates = updates
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def _train(self, X, seed):
        n_features, hidden, n_latent = X.shape[1], tuple(self.hidden), self.latent_size
        with weights_from(seed):
            encoder = fully_connected(n_features, hidden, n_latent)
            generator = fully_connected(n_latent, hidden[::-1], n_features)
            discriminator = fully_connected(n_features + n_latent, hidden, 1)
        pace = self.learning_rate, self.updates, ADVERSARIAL_BETAS
        inverses, opponent = Descent([encoder, generator], *pace), Descent([discriminator], *pace)
        source = torch.Generator().manual_seed(derive_seed(seed, "batches"))
        for _ in range(self.updates):
            rows = draw_rows(X, self.batch_size, source)
            latent = torch.randn(len(rows), n_latent, generator=source)
            encoded = torch.cat([rows, encoder(rows)], dim=1)
            generated = torch.cat([generator(latent), latent], dim=1)
            pairs = torch.cat([encoded, generated])
            opponent.step(CrossEntropy.critic(*_halves(discriminator(pairs.detach()))))
            # Each kind is to be taken for the other: the loss with the halves exchanged.
            real, fake = _halves(discriminator(pairs))
            inverses.step(CrossEntropy.critic(fake, real))
        self.networks_ = frozen(
            {"encoder": encoder, "generator": generator, "discriminator": discriminator}
        )

    def _rebuild(self, X):
        return self.networks_["generator"](self.networks_["encoder"](X))

    def _rate(self, X):
        latent = self.networks_["encoder"](X)
        rebuilt = self.networks_["generator"](latent)
        features = self.networks_["discriminator"][:-1]
        seen, expected = (features(torch.cat([rows, latent], dim=1)) for rows in (X, rebuilt))
        residual, unlike = ((a - b).abs().sum(dim=1) for a, b in ((X, rebuilt), (seen, expected)))
        return torch.lerp(residual, unlike, self.discriminator_share)


def _halves(scores):
    return scores.squeeze(1).chunk(2)
