"""Methods compared on the same splits of a dataset."""

from imsforge.methods import parse_method

#: Methods that train networks: those of the stage `train_gan`, and the one of `train_vae`.
GAN_METHODS = ("cgan", "cwgan", "cwgan-gp")
TRAINED_METHODS = (*GAN_METHODS, "vae")

#: Figures of an experiment, in the order of the report.
FIGURES = ("recall_matrices", "reliability", "fidelity", "spectra", "frechet", "training")


class Experiment:
    """Methods compared on the same splits of a dataset.

    Attributes
    ----------
    dataset, name : str
    settings : dict
    folder : Folder
    methods : list of str, with their refinements and remedies
    repeats : range, from 1
    """

    def __init__(self, dataset, name, settings, folder):
        self.dataset, self.name, self.settings, self.folder = dataset, name, settings, folder
        self.methods = settings["methods"]
        self.repeats = range(1, settings["repeats"] + 1)

    def setting(self, key):
        """Return a setting."""
        return self.settings[key]

    @property
    def title(self):
        """What figures are headed with."""
        return f"{self.dataset}: {self.name}"

    @property
    def training_sets(self):
        """The methods that make the training sets, without remedies, each once."""
        return list(dict.fromkeys(parse_method(method).training_set for method in self.methods))

    @property
    def generators(self):
        """The generators with networks behind the methods, each once."""
        samplers = dict.fromkeys(parse_method(method).sampler for method in self.methods)
        return [sampler for sampler in samplers if sampler in TRAINED_METHODS]

    @property
    def replaces(self):
        """Whether training sets are replaced by generated spectra."""
        return "replace" in self.settings["tasks"]

    @property
    def test_is_alike(self):
        """Whether test pixels come from the same places as training pixels."""
        return self.settings["split"]["method"] == "random"

    @property
    def together(self):
        """The generators that train all repeats at once."""
        return [g for g in self.generators if g in GAN_METHODS and self.settings["together"]]

    @property
    def random_purposes(self):
        """What a repeat needs seeds for: pairs of a purpose and a method, "" where it has none."""
        trained = [("train_gan", g) for g in self.generators if g in GAN_METHODS]
        trained += [("train_vae", "") for g in self.generators if g not in GAN_METHODS]
        made = ["oversample", *(["assess_fidelity"] if self.replaces else [])]
        drawn = [(purpose, method) for method in self.training_sets for purpose in made]
        judged = [("evaluate", method) for method in self.methods]
        return [("split", ""), *trained, *drawn, *judged]

    @property
    def figures(self):
        """The names of the figures that methods and tasks allow, in the order of the report."""
        possible = {
            "recall_matrices": True,
            "reliability": True,
            "fidelity": self.replaces,
            "spectra": self.replaces and self.training_sets != ["none"],
            "frechet": self.replaces,
            "training": bool(self.generators),
        }
        return [figure for figure in FIGURES if possible[figure]]

    @property
    def made(self):
        """The paths of its tables and figures."""
        return [path for stage in self._summary_stages for path in stage.files]

    def repeat_files(self, name):
        """Return the paths of a file of every repeat."""
        return [self._repeat(repeat).file(name) for repeat in self.repeats]

    def method_files(self, name):
        """Return the paths of a file of every method and repeat."""
        return self._files(self.methods, name)

    def training_set_files(self, name):
        """Return the paths of a file of every training set and repeat."""
        return self._files(self.training_sets, name)

    def generator_files(self, name):
        """Return the paths of a file of every generator with networks and repeat."""
        return self._files(self.generators, name)

    def first_files(self, name, but=()):
        """Return the paths of a file of every training set in the first repeat."""
        return [
            (self._repeat(1) / method).file(name)
            for method in self.training_sets
            if method not in but
        ]

    def model_behind(self, method, repeat):
        """Return the path of the networks that a method draws from; None where it has none."""
        generator = parse_method(method).sampler
        folder = self._repeat(repeat) / generator
        return folder.file("model.safetensors") if generator in TRAINED_METHODS else None

    def training_set_behind(self, method, repeat):
        """Return the path of the training sets that classifiers of a method learn from."""
        return (self._repeat(repeat) / parse_method(method).training_set).file("resampled.h5")

    def _files(self, methods, name):
        return [
            (self._repeat(repeat) / method).file(name)
            for method in methods
            for repeat in self.repeats
        ]

    def _repeat(self, repeat):
        return self.folder / f"repeat-{repeat}"

    @property
    def stages(self):
        """The stages that make artifacts."""
        return [
            *(stage for repeat in self.repeats for stage in self._repeat_stages(repeat)),
            *(self._together_stage(generator) for generator in self.together),
            *self._summary_stages,
        ]

    @property
    def _summary_stages(self):
        """The stages that bring repeats and methods together."""
        tables = ("scores.csv", "table.csv", "comparison.csv", "reliability.csv", "table.md")
        fidelity = ("fidelity.csv", "fidelity.md")
        return [
            self.folder.stage("collect_scores", *tables),
            *([self.folder.stage("collect_fidelity", *fidelity)] if self.replaces else []),
            *(self.folder.figure(figure) for figure in self.figures),
        ]

    def _repeat_stages(self, repeat):
        made = self._repeat(repeat)
        yield made.stage("split", "split.h5")
        yield made.stage("reduce", "features.h5")
        yield made.stage("scale", "scaled.h5")
        for generator in self.generators:
            script = "train_gan" if generator in GAN_METHODS else "train_vae"
            yield (made / generator).stage(script, "model.safetensors", "history.csv")
        for method in self.training_sets:
            yield (made / method).stage("oversample", "resampled.h5")
            if self.replaces:
                yield (made / method).stage("assess_fidelity", "fidelity.csv", "frechet.csv")
        for method in self.methods:
            yield (made / method).stage(
                "evaluate", "scores.csv", "confusion.csv", "reliability.csv"
            )

    def _together_stage(self, generator):
        kinds = ("csv", "safetensors")
        files = [f"repeat-{repeat}.{kind}" for repeat in self.repeats for kind in kinds]
        folder = self.folder / "together" / generator
        return folder.stage("train_together", *files, whole=True)

    @property
    def shown(self):
        """The paths of what the report shows."""
        tables = ["scores.csv", "table.csv", "comparison.csv"]
        fidelity = ["fidelity.csv"] if self.replaces else []
        figures = [f"{figure}.png" for figure in self.figures]
        return [self.folder.file(name) for name in tables + fidelity + figures]
