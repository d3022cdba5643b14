"""Asks why a lead may not move, by a client of openapi-generator. Usage: refused.py URL KEY."""

import sys

from openapi_client import (
    ApiClient,
    ApiException,
    Configuration,
    LeadCreate,
    LeadsApi,
    LeadTransitionCreate,
    TransitionProblem,
    TransitionsApi,
)

client = ApiClient(Configuration(host=sys.argv[1], access_token=sys.argv[2]))
lead = LeadsApi(client).create_lead(LeadCreate(name="Ann Field"), idempotency_key="generator-1")
try:
    TransitionsApi(client).create_lead_transition(lead.id, LeadTransitionCreate(to_stage="qualification"))
except ApiException as refused:
    problem = refused.data
    assert isinstance(problem, TransitionProblem), problem
    for criterion in problem.criteria or []:
        if not criterion.satisfied:
            print(problem.code, *(position.value for position in criterion.who_can_fix))
