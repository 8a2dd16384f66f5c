"""Everything that changes while a conditional GAN is trained."""

import torch


class TrainingState:
    """Networks, optimisers, random state, counter and history of a training run.

    Parameters
    ----------
    model : ConditionalGAN
        Its settings must be resolved.

    Attributes
    ----------
    optimisers : dict of str to Adam, by network
    update : int
        Critic updates done.
    history : list of dict
    """

    def __init__(self, model):
        settings = model.settings
        self.networks = model.networks
        rates = {
            "critic": settings.learning_rate,
            "generator": settings.generator_learning_rate,
        }
        # The fused Adam takes a sixth of the default's time on a CPU.
        self.optimisers = {
            name: torch.optim.Adam(
                network.parameters(), rates[name], betas=settings.betas, fused=True
            )
            for name, network in self.networks.items()
        }
        self.device = model.device
        self.update = 0
        self.history = []

    def snapshot(self):
        """Return (tensors, update, history), copies that later training does not touch."""
        tensors = {"random.cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self.device)
        for name, network in self.networks.items():
            for key, value in network.state_dict().items():
                tensors[f"{name}.{key}"] = value.clone()
            moments = self.optimisers[name].state_dict()["state"]
            for index, entries in moments.items():
                for key, value in entries.items():
                    tensors[f"adam.{name}.{index}.{key}"] = value.clone()
        return tensors, self.update, list(self.history)

    def restore(self, tensors, update, history):
        """Go back to a snapshot."""
        torch.set_rng_state(tensors["random.cpu"])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"], self.device)
        for name, network in self.networks.items():
            network.load_state_dict({key: tensors[f"{name}.{key}"] for key in network.state_dict()})
            adam = self.optimisers[name]
            moments = {}
            for entry, value in tensors.items():
                if entry.startswith(f"adam.{name}."):
                    index, key = entry.split(".")[2:]
                    moments.setdefault(int(index), {})[key] = value.clone()
            adam.load_state_dict(
                {"state": moments, "param_groups": adam.state_dict()["param_groups"]}
            )
        self.update = update
        self.history = list(history)
