"""``python -m lake.docs``: write the generated pages of a folder, or check them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lake.docs import pages, stale


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or check them; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lake.docs", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true", help="only say which pages are out of date")
    options = parser.parse_args(arguments)
    if options.check:
        old = stale(options.folder)
        if old:
            sys.stderr.write(f"Out of date in {options.folder}: {', '.join(old)}. Run `make docs`.\n")
        return 1 if old else 0
    for name, text in pages().items():
        (options.folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
