"""The service's own statements: both sides ask the database for the same, whatever that is by now.

Their names are private, because nothing else of the service may use them; a bench that wrote them again would
measure another service as soon as one of them changes.
"""

from app.core.database import Statement
from app.opportunities.queries import find_opportunity
from app.outbox import feed
from app.team_targets import queries as targets
from app.team_targets.credits import CREDITS
from app.team_targets.tables import Metric
from app.transitions.evidence import find_deal
from bench.speed.floor.reading import Reading

find_deal_row = Reading(find_opportunity)
find_evidence = Reading(find_deal)
find_target = Reading(targets.find_target)
find_place = Reading(targets.find_time_zone_and_teams)
sum_revenue = Reading(CREDITS[Metric.REVENUE_WON].totals)
read_feed: Statement = feed._read  # noqa: SLF001 # as the module says
find_horizon: Statement = feed._find_horizon  # noqa: SLF001 # as the module says
