"""Permissions, owner and extended attributes of a file, for the one that replaces it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

ACCESS_LIST = "system.posix_acl_access"
KEPT = ("user.", "security.selinux", ACCESS_LIST)
"""Extended attributes of Linux that do not depend on the content of their file."""


def carry_over(old: str, new: str) -> None:
    """Give a new file the permissions, owner and extended attributes of an old one.

    The owner is kept where the system allows it. Where it does not, an access list is dropped and
    the new file's group gets no more than everybody, since it is not the group that was meant.

    Raises
    ------
    OSError
        If the permissions cannot be set.
    """
    before = os.stat(old)
    mode = stat.S_IMODE(before.st_mode)
    same_owner = _give(new, before)
    if not same_owner:
        mode = mode & 0o707 | (mode & 0o007) << 3
    set_mode(new, mode)
    if hasattr(os, "listxattr"):
        _copy_attributes(old, new, access_list=same_owner)


def set_mode(path: str, mode: int) -> None:
    """Set the permissions of a file, unless it has them: not every file system can."""
    if stat.S_IMODE(os.stat(path).st_mode) != mode:
        os.chmod(path, mode)


def _give(path: str, to: os.stat_result) -> bool:
    """Give a file an owner and a group, or the group alone; return whether it has both."""
    if not hasattr(os, "chown"):  # Windows
        return True
    for owner in (to.st_uid, -1):
        has = os.stat(path)
        if (has.st_uid, has.st_gid) != (to.st_uid, to.st_gid):
            with suppress(OSError):
                os.chown(path, owner, to.st_gid)
    has = os.stat(path)
    return (has.st_uid, has.st_gid) == (to.st_uid, to.st_gid)


def _copy_attributes(old: str, new: str, *, access_list: bool) -> None:
    with suppress(OSError):  # a file system without them
        for name in os.listxattr(old):
            if name.startswith(KEPT) and (access_list or name != ACCESS_LIST):
                with suppress(OSError):
                    os.setxattr(new, name, os.getxattr(old, name))
