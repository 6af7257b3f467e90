"""Run a command and print what it cost, as JSON.

This is a process of its own, and imports little, because the peak memory of a child counts what
its parent held when it was forked: no child looks smaller than this one, some 10 MiB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

UNIT = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss

if __name__ == "__main__":
    begin = time.perf_counter()
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    cost = {}
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(child.pid, 0)
        cost["wall"] = time.perf_counter() - begin
        cost["cpu"] = usage.ru_utime + usage.ru_stime
        cost["mib"] = usage.ru_maxrss * UNIT / 2**20
        code = child.returncode = os.waitstatus_to_exitcode(status)
    else:
        code = child.wait()
        cost["wall"] = time.perf_counter() - begin
    print(json.dumps(cost))
    sys.exit(code != 0)
