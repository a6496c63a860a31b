"""Where the program `ratecert` is."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path

from ._errors import Error

VARIABLE = "RATECERT_BINARY"
_NAME = "ratecert.exe" if os.name == "nt" else "ratecert"


def find() -> Path:
    """Finds the program: `RATECERT_BINARY`, then beside this Python, then on the PATH."""
    given = os.environ.get(VARIABLE)
    if given:
        path = Path(given)
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise Error(f"{VARIABLE} is {given}, which is no program that can be run")
        return path
    folders = [Path(sysconfig.get_path("scripts")), Path(sys.executable).parent]
    try:
        scheme = sysconfig.get_preferred_scheme("user")
        folders.append(Path(sysconfig.get_path("scripts", scheme)))
    except (AttributeError, KeyError):  # Python 3.9 has no preferred scheme.
        pass
    for folder in folders:
        path = folder / _NAME
        if path.is_file() and os.access(path, os.X_OK):
            return path
    found = shutil.which(_NAME)
    if found:
        return Path(found)
    looked = ", ".join(dict.fromkeys(str(f) for f in folders))
    raise Error(
        f"the program {_NAME} was not found in {looked}, nor on the PATH; "
        f"`pip install ./python` from a checkout brings it, and the environment variable "
        f"{VARIABLE} may name another one"
    )
