"""The experiments O1 to O5, each in a module named after what it does to the service."""

from bench.faults.experiment import Experiment
from bench.overload.experiments.disconnects import DISCONNECTS
from bench.overload.experiments.exhaustion import EXHAUSTION
from bench.overload.experiments.greedy_key import GREEDY_KEY
from bench.overload.experiments.overload import OVERLOAD
from bench.overload.experiments.shutdown import SHUTDOWN

EXPERIMENTS: tuple[Experiment, ...] = (OVERLOAD, DISCONNECTS, EXHAUSTION, SHUTDOWN, GREEDY_KEY)
