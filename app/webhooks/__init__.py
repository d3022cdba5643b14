"""Events delivered to subscribed endpoints: signed, at least once, in order per subject."""
