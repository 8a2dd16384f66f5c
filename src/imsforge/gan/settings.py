"""What a training run of a conditional GAN may be told."""

import math
from dataclasses import dataclass, fields, replace

from imsforge.errors import ConfigError
from imsforge.gan.architectures import CRITICS, GENERATORS

KINDS = {"cgan": "conditional GAN", "cwgan-gp": "conditional Wasserstein GAN, gradient penalty"}
THESIS_CRITIC_STEPS = {"cgan": 1, "cwgan-gp": 100}
