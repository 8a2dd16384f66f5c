"""What to do with spectra that are not as they should be: stop, leave them out, or mend them."""

from dataclasses import dataclass

import numpy as np

from imsforge.errors import ConfigError, IngestError


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with some spectra.

    Attributes
    ----------
    what : str, reads on from "3 of 9 spectra have"
    default : "fail", "skip" or "fix"
    remedy : str, what the user can do about it
    skip, fix : str or None, what is done then; None where it cannot be
    """

    what: str
    default: str
    remedy: str
    skip: str | None = "left out"
    fix: str | None = None

    def choices(self):
        """Return the policies that there are."""
        return [name for name in ("fail", "skip", "fix") if name == "fail" or getattr(self, name)]


#: By the key that decides on them in the configuration.
PROBLEMS = {
    "uuid": Problem(
        what="another UUID than the imzML declares, so it is the .ibd of another export",
        default="fail",
        remedy="put the .imzML and the .ibd of one export together",
        skip="read all the same",
    ),
    "stored_type": Problem(
        what="arrays that are stored otherwise than declared",
        default="fail",
        remedy="export the measurement again, with its own data type",
        fix="read as the type that fits",
    ),
    "negative_offset": Problem(
        what="an offset or a length below zero, as of a writer that counts in 32 bits",
        default="fail",
        remedy="export the measurement again, with a writer that counts in 64 bits",
    ),
    "cut_off": Problem(
        what="data beyond the end of the .ibd",
        default="fail",
        remedy="copy the .ibd again",
    ),
    "length_mismatch": Problem(
        what="m/z and intensity arrays that differ in length",
        default="fail",
        remedy="export the measurement again",
        fix="both cut to the shorter",
    ),
    "stored_bytes": Problem(
        what="encoded lengths other than their lengths and types mean",
        default="fail",
        remedy="export the measurement again",
        fix="read as far as their lengths say",
    ),
    "shared_array": Problem(
        what="an array of an earlier spectrum, as where offsets wrapped at 32 bits",
        default="fail",
        remedy="export the measurement again, with a writer that counts in 64 bits",
        fix="kept as they are",
    ),
    "mixed_mode": Problem(
        what="another mode, profile or centroid, than most",
        default="fail",
        remedy="export all spectra alike, set ingest.mode to read all as one of both",
    ),
    "mixed_polarity": Problem(
        what="another polarity than most",
        default="fail",
        remedy="export each polarity as a measurement of its own",
        fix="kept with the others",
    ),
    "mixed_level": Problem(
        what="another MS level than most",
        default="fail",
        remedy="export each MS level as a measurement of its own",
        fix="kept with the others",
    ),
    "duplicate_pixel": Problem(
        what="the coordinates of an earlier spectrum",
        default="fail",
        remedy="export one spectrum a pixel",
    ),
    "impossible_mz": Problem(
        what="m/z values that no ion can have",
        default="fail",
        remedy="export the measurement again",
        fix="these points left out",
    ),
    "non_finite_intensity": Problem(
        what="intensities that are NaN, infinite or above 1e30",
        default="fail",
        remedy="export the measurement again",
        fix="set to zero",
    ),
    "denormal_intensity": Problem(
        what="intensities that are denormal numbers, as of a wrong type or byte order",
        default="fail",
        remedy="export the measurement again, with its own data type",
    ),
    "unsorted_mz": Problem(
        what="m/z values that do not ascend",
        default="fix",
        remedy="sort each spectrum by m/z when exporting",
        fix="sorted",
    ),
    "negative_intensity": Problem(
        what="negative intensities",
        default="fix",
        remedy="export the measurement before any baseline is subtracted",
        fix="set to zero",
    ),
    "empty_spectrum": Problem(
        what="no signal",
        default="fix",
        remedy="leave empty pixels out when exporting",
        fix="kept, they get no class",
    ),
    "checksum": Problem(
        what="a checksum other than the imzML declares",
        default="skip",
        remedy="copy both files again from where they were measured",
        skip="read all the same",
    ),
}


@dataclass(frozen=True)
class Finding:
    """A problem that some spectra had, and what was done.

    Attributes
    ----------
    problem : str, a key of `PROBLEMS`
    count, total : int, how many of how many
    policy : "skip" or "fix"
    text : str, the whole as a sentence
    """

    problem: str
    count: int
    total: int
    policy: str
    text: str


class Policies:
    """What to do with each of the `PROBLEMS`.

    Parameters
    ----------
    **choices : {"fail", "skip", "fix"}
        By problem; what is left out has its default.

    Raises
    ------
    ConfigError
        If there is no such problem, or no such way to deal with it.
    """

    def __init__(self, **choices):
        for name, choice in choices.items():
            if name not in PROBLEMS:
                raise ConfigError(f"ingest.{name}: unknown; known are {', '.join(PROBLEMS)}")
            if choice not in PROBLEMS[name].choices():
                raise ConfigError(
                    f"ingest.{name}: {choice!r} is not one of {', '.join(PROBLEMS[name].choices())}"
                )
        self._choices = choices

    def __getitem__(self, problem):
        return self._choices.get(problem, PROBLEMS[problem].default)

    def settle(self, problem, affected, path, describe, detail="", *, mendable=True):
        """Decide on the spectra that have a problem.

        Parameters
        ----------
        problem : str, a key of `PROBLEMS`
        affected : (n_spectra,) bool
        path : path, for the message
        describe : callable, names a spectrum by its row
        detail : str, what is known of the first one
        mendable : bool, whether these spectra can be mended; "fix" stops otherwise

        Returns
        -------
        Finding, or None where no spectrum is affected

        Raises
        ------
        IngestError
            If there are such spectra and the policy is to fail.
        """
        count = int(np.count_nonzero(affected))
        if count == 0:
            return None
        what = PROBLEMS[problem]
        choice = self[problem]
        first = describe(int(np.argmax(affected))) + (f", {detail}" if detail else "")
        have = f"{count} of {len(affected)} spectra {'has' if count == 1 else 'have'} {what.what}"
        if choice == "fail" or (choice == "fix" and not mendable):
            # To leave all spectra out is no way.
            open_ways = {"skip": count < len(affected), "fix": mendable}
            ways = " or ".join(name for name in what.choices() if open_ways.get(name))
            or_set = f", or set ingest.{problem} to {ways}" if ways else ""
            raise IngestError(f"{path}: {first}: {have}; {what.remedy}{or_set}")
        text = f"{have}: {getattr(what, choice)} (first: {first})"
        return Finding(problem, count, len(affected), choice, text)

    def settle_file(self, problem, path, detail):
        """Decide on a file that has a problem as a whole; parameters as for `settle`."""
        what = PROBLEMS[problem]
        have = f"{path.name} has {what.what} ({detail})"
        choice = self[problem]
        if choice == "fail":
            ways = " or ".join(name for name in what.choices() if name != "fail")
            raise IngestError(f"{path}: {have}; {what.remedy}, or set ingest.{problem} to {ways}")
        return Finding(problem, 1, 1, choice, f"{have}: {getattr(what, choice)}")
