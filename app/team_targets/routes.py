"""Routes of the team-targets."""

from app.core.routing import router

team_targets = router("team-targets")
