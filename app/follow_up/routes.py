"""Routes of the follow-up."""

from fastapi import APIRouter

from app.follow_up.handoff_routes import handoffs
from app.follow_up.issue_routes import issues
from app.follow_up.review_routes import reviews
from app.follow_up.survey_routes import surveys

follow_up = APIRouter()
for part in (handoffs, surveys, issues, reviews):
    follow_up.include_router(part)
