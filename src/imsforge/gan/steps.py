"""One update of the critic, and one of the generator."""

import torch

from imsforge.gan import losses


def critic_step(model, optimiser, real, labels):
    """Update the critic on one batch; returns what the history tells of it."""
    settings, critic = model.settings, model.critic
    with torch.no_grad():
        fake = model.generator(_latent(labels, settings), labels)
    # One pass for both halves is valid because no critic has a BatchNorm.
    scores = critic(torch.cat([real, fake]), torch.cat([labels, labels]))
    real_scores, fake_scores = scores.chunk(2)
    if settings.kind == "cgan":
        loss = losses.cross_entropy_critic_loss(real_scores, fake_scores)
        readings = {
            "critic_real": real_scores.sigmoid().mean(),
            "critic_fake": fake_scores.sigmoid().mean(),
        }
    else:
        penalty, norm = losses.gradient_penalty(critic, real, fake, labels)
        loss = losses.wasserstein_critic_loss(real_scores, fake_scores)
        loss = loss + settings.penalty_weight * penalty
        readings = {
            "critic_real": real_scores.mean(),
            "critic_fake": fake_scores.mean(),
            "gradient_norm": norm,
            "gradient_penalty": penalty,
        }
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return {name: value.detach() for name, value in readings.items()} | {
        "critic_loss": loss.detach()
    }


def generator_step(model, optimiser, labels):
    """Update the generator against the critic as it is; returns its loss."""
    fake = model.generator(_latent(labels, model.settings), labels)
    scores = model.critic(fake, labels)
    if model.settings.kind == "cgan":
        loss = losses.cross_entropy_generator_loss(scores)
    else:
        loss = losses.wasserstein_generator_loss(scores)
    optimiser.zero_grad(set_to_none=True)
    # Only the generator's gradients: the critic's are not even computed.
    loss.backward(inputs=list(model.generator.parameters()))
    optimiser.step()
    return {"generator_loss": loss.detach()}


def _latent(labels, settings):
    return torch.randn(len(labels), settings.latent_size, device=labels.device)
