"""The largest memory that a process has had, as its own: what it was started from does not count."""

from __future__ import annotations

import resource
from pathlib import Path

__all__ = ["peak_megabytes"]

_STATUS = Path("/proc/self/status")


def peak_megabytes() -> float:
    """Megabytes, of 1024 kibibytes.

    Linux keeps the peak of the process that was forked across its exec in `ru_maxrss`; `VmHWM` is of the new one.
    """
    if _STATUS.is_file():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024.0, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0, 1)
