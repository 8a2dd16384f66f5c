"""Everything that changes while conditional GANs are trained."""

import copy

import torch

from imsforge.gan.stack import Stack


class TrainingState:
    """Networks, optimisers, random states, counter and histories of runs trained side by side.

    Parameters
    ----------
    models : list of ConditionalGAN, one a run
        Their settings must be resolved, and equal.
    batches : list of Batches, one a run

    Attributes
    ----------
    stacks : dict of str to Stack
        The critics and the generators that are trained. Without a moving average, the generators
        are those of the models.
    averaged : Stack
        The generators of the models: with a moving average, that of the trained ones.
    optimisers : dict of str to Adam, by network
    share : tensor of shape ()
        How far the average moves in the next step.
    update : int
        Critic updates done.
    histories : list of list of dict, one a run
    kept, kept_update : lists, one entry a run
        The weights to end with, as `weights` returns them, and the update that they are of.
    stopped : list of str or None, one a run
        Why a run was stopped before its last update.
    """

    def __init__(self, models, batches):
        settings = models[0].settings
        self.models, self.batches = models, batches
        self.settings, self.device = settings, models[0].device
        generators = [model.generator for model in models]
        trained = copy.deepcopy(generators) if settings.average else generators
        self.stacks = {
            "critic": Stack([model.critic for model in models]),
            "generator": Stack(trained),
        }
        self.averaged = Stack(generators) if settings.average else self.stacks["generator"]
        for model, run in zip(models, batches, strict=True):
            model.critic.draw_from(run.random)
        self.rates = {
            "critic": settings.learning_rate,
            "generator": settings.generator_learning_rate,
        }
        self.optimisers = {
            name: Adam(stack, self.rates[name], settings.betas)
            for name, stack in self.stacks.items()
        }
        self.share = torch.zeros((), device=self.device)
        self.update = 0
        self.histories = [[] for _ in models]
        self.kept = [self.weights(run) for run in range(len(models))]
        self.kept_update = [0] * len(models)
        self.stopped = [None] * len(models)

    def set_pace(self):
        """Set the learning rates and the moving average's share for the cycle that begins."""
        settings = self.settings
        left = 1 - self.update / settings.updates if settings.rate_decay == "linear" else 1.0
        for name, adam in self.optimisers.items():
            adam.rate.fill_(self.rates[name] * left)
        # An average over few steps must not remember the random weights of the start.
        done = self.update // settings.critic_steps
        self.share.fill_(max(1 - settings.average, 9 / (10 + done)))

    def set_training(self, training):
        """Switch the trained networks to training, or all to evaluation."""
        for stack in (self.averaged, *self.stacks.values()):
            for network in stack.networks:
                network.train(training)

    def weights(self, run):
        """Return a copy of what a run's model is, by the names of its file."""
        return {
            f"{name}.{key}": value.clone()
            for name, network in self.models[run].networks.items()
            for key, value in network.state_dict().items()
        }

    def tensors(self):
        """Return what a cycle changes and the device holds, by name; not copied."""
        tensors = {}
        stacks = self.stacks
        if self.averaged is not self.stacks["generator"]:
            stacks = {**stacks, "averaged": self.averaged}
        for name, stack in stacks.items():
            tensors[f"{name}.values"] = stack.values
            tensors |= {f"{name}.{key}": value for key, value in stack.buffers.items()}
        for name, adam in self.optimisers.items():
            tensors |= {f"{name}.adam.{key}": value for key, value in adam.state.items()}
        return tensors

    def take(self, tensors):
        """Set what `tensors` returns, in place."""
        for name, value in self.tensors().items():
            value.copy_(tensors[name])

    def snapshot(self):
        """Return (tensors, facts), copies that later training does not touch."""
        tensors = {name: value.clone() for name, value in self.tensors().items()}
        for run, batches in enumerate(self.batches):
            tensors[f"random.{run}"] = batches.random.get_state()
            tensors |= {f"kept.{run}.{name}": value for name, value in self.kept[run].items()}
        facts = {
            "update": self.update,
            "histories": [list(history) for history in self.histories],
            "kept_update": list(self.kept_update),
            "stopped": list(self.stopped),
        }
        return tensors, facts

    def restore(self, tensors, facts):
        """Go back to a snapshot."""
        self.take(tensors)
        self.update = facts["update"]
        self.histories = [list(history) for history in facts["histories"]]
        self.kept_update = list(facts["kept_update"])
        self.stopped = list(facts["stopped"])
        for run, batches in enumerate(self.batches):
            batches.random.set_state(tensors[f"random.{run}"])
            batches.go_to(self.update)
            prefix = f"kept.{run}."
            self.kept[run] = {
                name.removeprefix(prefix): value.to(self.device)
                for name, value in tensors.items()
                if name.startswith(prefix)
            }


class Adam:
    """Adam (Kingma & Ba 2015) as `torch.optim.Adam` has it, its state in fixed places.

    An optimiser of torch costs more than its arithmetic where there is one buffer to update.

    Parameters
    ----------
    stack : Stack
    rate : float
    betas : pair of float

    Attributes
    ----------
    rate : tensor of shape ()
        May be changed between steps.
    state : dict of str to tensor
        Number of steps and both moments.
    """

    def __init__(self, stack, rate, betas):
        values = stack.values
        self._values, self._gradients = values, stack.gradients
        self._betas = dict(zip(("beta1", "beta2"), betas, strict=True))
        self.rate = torch.tensor(float(rate), dtype=values.dtype, device=values.device)
        self.state = {
            "step": torch.zeros((), device=values.device),
            "mean": torch.zeros_like(values),
            "square": torch.zeros_like(values),
        }

    def step(self):
        """Update the weights of the stack by its gradients."""
        self.state["step"] += 1
        torch._fused_adam_(
            [self._values],
            [self._gradients],
            [self.state["mean"]],
            [self.state["square"]],
            [],
            [self.state["step"]],
            lr=self.rate,
            **self._betas,
            weight_decay=0.0,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )
