"""Names that Windows keeps for devices, or cannot give to a file."""

from __future__ import annotations

import ntpath
import os

from audioconv.errors import UsageError
from audioconv.files.formats import STANDARD, display_name

ON_WINDOWS = os.name == "nt"

DEVICES = {
    *("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"),
    *(port + number for port in ("COM", "LPT") for number in "123456789\xb9\xb2\xb3"),
}
"""Devices, in every folder and with any suffix."""

FORBIDDEN = '<>:"|?*'
"""Characters that no name holds; behind a colon is a stream of a file."""


def refuse_reserved(path: str) -> None:
    r"""Refuse the name of an output that is none on Windows, wherever this runs.

    The rename at the end of a run would fail there, or the output would go to a device.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> refuse_reserved("C:\\sounds\\console.wav")
    >>> refuse_reserved("C:\\sounds\\con.wav")
    Traceback (most recent call last):
    audioconv.errors.UsageError: C:\sounds\con.wav is the device CON on Windows; name another output

    References
    ----------
    Microsoft, "Naming Files, Paths, and Namespaces"; `os.path.isreserved` of Python 3.13.
    """
    name = ntpath.basename(ntpath.splitdrive(path)[1])
    device = name.partition(".")[0].partition(":")[0].rstrip(" ").upper()
    forbidden = [one for one in name if one in FORBIDDEN or one < " "]
    if path == STANDARD or name in ("", ".", ".."):
        return
    if device in DEVICES:
        fault = f"is the device {device} on Windows"
    elif forbidden:
        fault = f"has {forbidden[0]!r}, which no name on Windows holds"
    elif name.endswith((".", " ")):
        fault = "ends with a dot or a space, which Windows leaves out"
    else:
        return
    raise UsageError(f"{display_name(path, role='output')} {fault}; name another output")
