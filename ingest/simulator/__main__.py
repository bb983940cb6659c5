"""``python -m ingest.simulator``: the simulator as a process of its own."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from threading import Event

from ingest.simulator.simulator import Simulator


def main(arguments: list[str] | None = None) -> None:
    """Serve until killed, after one line that says where."""
    parser = argparse.ArgumentParser(prog="python -m ingest.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (default: any free one)")
    parser.add_argument(
        "--now", help="the simulator's clock, ISO 8601 (default: LAKE_NOW, else the real time)"
    )
    parser.add_argument("--nodes", type=int, default=25, help="synthetic nodes of each market (default: 25)")
    options = parser.parse_args(arguments)
    now = datetime.fromisoformat(options.now) if options.now else None
    if now is not None and now.tzinfo is None:
        now = now.replace(tzinfo=UTC)
    with Simulator(now=now, nodes=options.nodes, port=options.port) as simulator:
        print(f"Simulator at {simulator.url}", flush=True)
        try:
            Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
