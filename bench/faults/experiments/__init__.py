"""The experiments E1 to E14, each in a module named after what it does to the service."""

from bench.faults.experiment import Experiment
from bench.faults.experiments.broken_variants import BROKEN_VARIANTS
from bench.faults.experiments.commit_cuts import COMMIT_CUTS
from bench.faults.experiments.feed_races import FEED_RACES
from bench.faults.experiments.forbidden_sql import FORBIDDEN_SQL
from bench.faults.experiments.hanging_endpoint import HANGING_ENDPOINT
from bench.faults.experiments.hostile_receivers import HOSTILE_RECEIVERS
from bench.faults.experiments.killed_apis import KILLED_APIS
from bench.faults.experiments.killed_workers import KILLED_WORKERS
from bench.faults.experiments.latency import LATENCY
from bench.faults.experiments.postgres_outages import POSTGRES_OUTAGES
from bench.faults.experiments.racing_writers import RACING_WRITERS
from bench.faults.experiments.repeated_requests import REPEATED_REQUESTS
from bench.faults.experiments.signatures import SIGNATURES
from bench.faults.experiments.stuck_deal import STUCK_DEAL

EXPERIMENTS: tuple[Experiment, ...] = (
    KILLED_APIS,
    KILLED_WORKERS,
    POSTGRES_OUTAGES,
    COMMIT_CUTS,
    FORBIDDEN_SQL,
    FEED_RACES,
    STUCK_DEAL,
    HANGING_ENDPOINT,
    LATENCY,
    HOSTILE_RECEIVERS,
    SIGNATURES,
    BROKEN_VARIANTS,
    REPEATED_REQUESTS,
    RACING_WRITERS,
)
