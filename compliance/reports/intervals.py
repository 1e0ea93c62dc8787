"""How far a share or a rate may be off by chance: 95 % intervals in closed form. Pure; no database."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final, Literal

#: Two-sided 95 % of the normal distribution.
Z: Final = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its 95 % interval, `low <= value <= high`, in the unit of the field that holds it."""

    value: float
    low: float
    high: float


def share(part: int, whole: int) -> Estimate | None:
    """Return part / whole in [0, 1] with its Wilson score interval; None where the whole is 0.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    It stays inside [0, 1] and tells something even for 0 of 3, where the usual formula gives an interval of no width.
    """
    if whole == 0:
        return None
    value = part / whole
    scale = 1 + Z**2 / whole
    middle = (value + Z**2 / (2 * whole)) / scale
    half = Z / scale * sqrt(value * (1 - value) / whole + Z**2 / (4 * whole**2))
    # Rounding must not put the value outside its own interval at 0 and 1.
    return Estimate(value=value, low=max(0.0, min(value, middle - half)), high=min(1.0, max(value, middle + half)))


def rate(count: int, size: int, *, per: int = 1000) -> Estimate | None:
    """Return count / size x per with the score interval of a Poisson count; None where the size is 0.

    The interval holds the means m for which |count - m| <= Z sqrt(m). Counts are taken as independent.
    """
    if size == 0:
        return None
    middle, half = count + Z**2 / 2, Z * sqrt(count + Z**2 / 4)
    scale = per / size
    return Estimate(value=count * scale, low=max(0.0, middle - half) * scale, high=(middle + half) * scale)


def compare(count: int, size: int, *, before: int, size_before: int) -> Literal["higher", "lower"] | None:
    """Say whether a rate is surely another than the one before; None where chance alone may explain the difference.

    If nothing changed, each of the counts falls into the later part with chance size / (size + size_before): the
    difference is told where that chance is outside the Wilson interval of the share that did. About one comparison in
    twenty is told although nothing changed.
    """
    found = share(count, count + before)
    if found is None or not size or not size_before:
        return None
    expected = size / (size + size_before)
    if expected < found.low:
        return "higher"
    return "lower" if expected > found.high else None
