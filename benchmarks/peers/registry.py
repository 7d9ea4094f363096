"""All systems, in the order in which tables show them."""

from __future__ import annotations

from peers.system import System
from peers.systems.absurd import Absurd
from peers.systems.dbos import Dbos
from peers.systems.kagzi import Kagzi, KagziPython, KagziPythonWorker
from peers.systems.pgqueuer import PgQueuer
from peers.systems.procrastinate import Procrastinate
from peers.systems.temporal import Temporal

SYSTEMS: dict[str, type[System]] = {
    system.name: system
    for system in (Kagzi, KagziPythonWorker, KagziPython, Temporal, Dbos, Absurd, PgQueuer, Procrastinate)
}
