"""How fast webhooks are delivered by one worker, and how fast deliveries are claimed and settled without sending."""
