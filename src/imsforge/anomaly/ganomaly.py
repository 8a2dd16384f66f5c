"""GANomaly: what is lost between two encodings of a row."""

import torch
from torch.nn.functional import l1_loss, mse_loss

from imsforge.anomaly.fully_connected import (
    ADVERSARIAL_BETAS,
    Descent,
    draw_rows,
    frozen,
    fully_connected,
    weights_from,
)
from imsforge.anomaly.generative import ReconstructingDetector, ResidualDistance
from imsforge.gan.losses import CrossEntropy
from imsforge.seeding import derive_seed

#: Weights of the adversarial loss, the reconstruction and the encoding (Akcay et al. 2018).
_ADVERSARIAL, _CONTEXTUAL, _ENCODER = 1.0, 50.0, 1.0


class GANomaly(ReconstructingDetector):
    """How far the encoding of a row is from the encoding of its reconstruction.

    An autoencoder and a second encoder, trained on healthy rows: to rebuild a row, to encode the
    rebuilt row alike, and to give a discriminator's last hidden layer the same as the row does. A
    discriminator learns to tell rows from rebuilt ones. Networks are fully connected in place of
    convolutional.

    Parameters
    ----------
    latent_size : int, default=16
    hidden : sequence of int, default=(128, 64)
        Widths of the hidden layers of encoders and discriminator; the decoder has them reversed.
    updates : int, default=1500
        Of the discriminator, and as many of the autoencoder.
    batch_size : int, default=128
    learning_rate : float, default=1e-3
        Of Adam, at the start; it falls evenly to zero.
    random_state : int, RandomState instance or None, default=None
        The same int gives the same scores.

    Attributes
    ----------
    networks_ : torch.nn.ModuleDict of encoder, decoder and second encoder, in float64

    References
    ----------
    S. Akcay, A. Atapour-Abarghouei, T. P. Breckon, "GANomaly: semi-supervised anomaly detection via
    adversarial training", ACCV 2018.
    """

    _parameter_constraints = {  # noqa: RUF012 (scikit-learn's form)
        **ReconstructingDetector._parameter_constraints,
        "hidden": ["array-like"],
    }

    def __init__(
        self,
        latent_size=16,
        hidden=(128, 64),
        updates=1500,
        batch_size=128,
        learning_rate=1e-3,
        random_state=None,
    ):
        self.latent_size = latent_size
        self.hidden = hidden
        self.updates = updates
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    def _train(self, X, seed):
        n_features, hidden, latent = X.shape[1], tuple(self.hidden), self.latent_size
        with weights_from(seed):
            encoder = fully_connected(n_features, hidden, latent)
            decoder = fully_connected(latent, hidden[::-1], n_features)
            second_encoder = fully_connected(n_features, hidden, latent)
            discriminator = fully_connected(n_features, hidden, 1)
        features = discriminator[:-1]
        learners = Descent(
            [encoder, decoder, second_encoder], self.learning_rate, self.updates, ADVERSARIAL_BETAS
        )
        opponent = Descent([discriminator], self.learning_rate, self.updates, ADVERSARIAL_BETAS)
        source = torch.Generator().manual_seed(derive_seed(seed, "batches"))
        for _ in range(self.updates):
            rows = draw_rows(X, self.batch_size, source)
            latent = encoder(rows)
            rebuilt = decoder(latent)
            learners.step(
                _ADVERSARIAL * mse_loss(features(rebuilt), features(rows))
                + _CONTEXTUAL * l1_loss(rebuilt, rows)
                + _ENCODER * mse_loss(second_encoder(rebuilt), latent)
            )
            scores = discriminator(rows), discriminator(rebuilt.detach())
            opponent.step(CrossEntropy.critic(*(score.squeeze(1) for score in scores)))
        self.networks_ = frozen(
            {"encoder": encoder, "decoder": decoder, "second_encoder": second_encoder}
        )

    def _rebuild(self, X):
        return self.networks_["decoder"](self.networks_["encoder"](X))

    def _rate(self, X):
        latent = self.networks_["encoder"](X)
        again = self.networks_["second_encoder"](self.networks_["decoder"](latent))
        return (latent - again).abs().sum(dim=1)


def ganomaly_distance(updates=1500, random_state=None):
    """Return a `GANomaly` whose residual is judged by those of healthy rows."""
    return ResidualDistance(GANomaly(updates=updates, random_state=random_state))
