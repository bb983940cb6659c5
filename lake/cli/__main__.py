"""``python -m lake.cli`` is ``pmp``."""

from lake.cli import main

main()
