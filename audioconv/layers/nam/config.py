"""Fields of a model file: each is checked as it is read, as the file may be a stranger's."""

from __future__ import annotations

import math
from typing import Any

from audioconv.errors import FormatError, printable

LONGEST = 200
"""Characters of a text of a file that are shown."""


def shown(value: Any) -> str:
    r"""Return a value of a file, cut short and without characters that a terminal obeys.

    Examples
    --------
    >>> shown("a\nb"), shown([0] * 99)[-5:]
    ('a\\nb', '0 ...')
    """
    text = printable(value if isinstance(value, str) else repr(value))
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip(' ,')} ..."


class Config:
    """Part of a model file.

    Parameters
    ----------
    data : object
        what JSON has at that place
    where : str
        the place, for messages

    Raises
    ------
    FormatError
        If it is no object; and by each method if a field is missing, or is not what it must be.

    Examples
    --------
    >>> Config({"channels": 0}, "layers 1").whole("channels", 1, 9)
    Traceback (most recent call last):
    audioconv.errors.FormatError: layers 1: channels is 0; it must be a whole number from 1 to 9
    """

    def __init__(self, data: Any, where: str) -> None:
        self.where = where
        if not isinstance(data, dict):
            raise FormatError(f"{where} is {shown(data)}; it must be an object of JSON")
        self._data: dict[str, Any] = data

    def has(self, key: str) -> bool:
        """Return whether a field is there, and not null."""
        return self._data.get(key) is not None

    def any(self, key: str) -> Any:
        """Return a field, whatever it is; None if it is missing."""
        return self._data.get(key)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number within limits."""
        return self._whole(key, self._data.get(key, default), low, high)

    def wholes(self, key: str, low: int, high: int) -> list[int]:
        """Return a list of whole numbers within limits."""
        return [self._whole(key, value, low, high) for value in self.items(key)]

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return true or false."""
        value = self._data.get(key, default)
        if not isinstance(value, bool):
            raise self.error(key, value, "true or false")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """Return a finite number."""
        value = self._data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
            raise self.error(key, value, "a finite number")
        return float(value)

    def text(self, key: str) -> str:
        """Return text."""
        value = self._data.get(key)
        if not isinstance(value, str):
            raise self.error(key, value, "text")
        return value

    def items(self, key: str) -> list[Any]:
        """Return a list with at least one item."""
        value = self._data.get(key)
        if not isinstance(value, list) or not value:
            raise self.error(key, value, "a list with at least one item")
        return value

    def part(self, key: str) -> Config:
        """Return an object within this one."""
        return Config(self._data.get(key), f"{self.where}: {key}")

    def each(self, key: str, count: int) -> list[Any]:
        """Return a field for so many layers: a list has one for each, a value is for all."""
        value = self._data.get(key)
        if not isinstance(value, list):
            return [value] * count
        if len(value) != count:
            raise FormatError(
                f"{self.where}: {key} has {len(value)} items; it must have {count}, as there are "
                "dilations"
            )
        return value

    def error(self, key: str, value: Any, wanted: str) -> FormatError:
        """Return the error for a field that is not what it must be."""
        is_what = f"is {shown(value)}" if key in self._data else "is missing"
        return FormatError(f"{self.where}: {key} {is_what}; it must be {wanted}")

    def _whole(self, key: str, value: Any, low: int, high: int) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(key, value, f"a whole number from {low} to {high}")
        return value


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False
