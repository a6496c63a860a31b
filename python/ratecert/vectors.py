"""`python -m ratecert.vectors [METHOD]`: lists the ground-truth vectors that `cases` reads."""

from __future__ import annotations

import argparse

from ._errors import Error
from ._vectors import Vector, cases, folder

__all__ = ["Vector", "cases", "folder", "main"]


def main() -> None:
    """Lists id, method, kind of answer and flags of every vector."""
    parser = argparse.ArgumentParser(prog="python -m ratecert.vectors", description=main.__doc__)
    parser.add_argument("method", nargs="?", help="only those of this method")
    parser.add_argument("--dir", help="where they are")
    arguments = parser.parse_args()
    try:
        listed = cases(arguments.method, arguments.dir)
    except Error as error:
        parser.error(str(error))
    for vector in listed:
        print(f"{vector.case.id}\t{vector.case.method}\t{vector.kind}\t{', '.join(vector.flags)}")


if __name__ == "__main__":
    main()
