"""`/v1/opportunities/transition-plans`: moving many deals, looked at first and made by a second call."""

from fastapi import Response

from app.core.dependencies import AppDatabase
from app.core.problems import documented
from app.core.resource import json_response
from app.core.routing import router
from app.transitions import plan_schemas
from app.transitions.plans import EXECUTION, PLANS, execute_plan, plan_transitions
from app.transitions.routes import DealReader

transition_plans = router("transitions")


@transition_plans.post(PLANS, response_model=plan_schemas.TransitionPlan, responses=documented())
async def create_opportunity_transition_plan(
    caller: DealReader, database: AppDatabase, body: plan_schemas.TransitionPlanCreate
) -> Response:
    """Tell which of up to 200 deals could move to a stage now, which could not and why; nothing is written or stored.

    To make the moves, send deals of your choice with their `version` to `/v1/opportunities/transition-plans/execution`.
    """
    async with database.begin(caller) as tx:
        plan = await plan_transitions(tx, body)
    return json_response(plan)


@transition_plans.post(EXECUTION, response_model=plan_schemas.TransitionPlanExecution, responses=documented())
async def create_opportunity_transition_plan_execution(
    caller: DealReader, database: AppDatabase, body: plan_schemas.TransitionPlanExecutionCreate
) -> Response:
    """Move up to 200 deals, each as by a transition of its own, with one result for each in their order.

    A deal whose version is another one by now stays where it is (412), and so does one that is refused for any other
    reason; the others move. The answer is 200 whatever became of them: look at the `status` of each.
    Moves also need the scope `transitions:write`.
    """
    async with database.begin(caller) as tx:
        execution = await execute_plan(tx, body)
    return json_response(execution)
