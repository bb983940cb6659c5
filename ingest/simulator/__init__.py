"""Stand-ins of the ISOs' sites on localhost: their paths, limits, formats, error answers and odd habits.

Ingesters reach it through ``LAKE_SOURCE_<ISO>=http://127.0.0.1:PORT``, with the original host as the first
segment of the path. ``python -m ingest.simulator`` serves until killed; tests use it as a context manager::

    with Simulator(now=datetime(2026, 11, 20, 20, tzinfo=UTC)) as sim:
        sim.fail("oasis.caiso.com", "throttle_429", times=2)
        requests.get(f"{sim.url}/oasis.caiso.com/oasisapi/GroupZip", params={...})
"""

from ingest.simulator.faults import Fault, Stall
from ingest.simulator.pace import Pace
from ingest.simulator.server import Seen
from ingest.simulator.simulator import Simulator

__all__ = ["Fault", "Pace", "Seen", "Simulator", "Stall"]
