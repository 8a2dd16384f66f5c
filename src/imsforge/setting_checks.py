"""Checks of settings that come from YAML, JSON or a notebook: one line says which is impossible."""

import math
from typing import ClassVar

from imsforge.errors import ConfigError


class CheckedSettings:
    """What dataclasses of settings check their values with.

    Attributes
    ----------
    section : str, what errors call the settings by, as the configuration does
    """

    section: ClassVar[str]

    def _require_choice(self, name, choices):
        if getattr(self, name) not in tuple(choices):
            raise self._error(name, f"one of {', '.join(choices)}")

    def _require_count(self, name, least):
        value = getattr(self, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._error(name, f"a whole number of at least {least}")

    def _require(self, name, wanted, holds):
        value = getattr(self, name)
        if not is_number(value) or not holds(value):
            raise self._error(name, wanted)

    def _error(self, name, wanted):
        value = getattr(self, name)
        hint = " (YAML reads 1e-4 as text; write 1.0e-4)" if _is_spelled_number(value) else ""
        return ConfigError(f"{self.section}.{name}: must be {wanted}, not {value!r}{hint}")


def is_number(value):
    """Return whether a value is a finite number, which truth values are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_spelled_number(value):
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False
