"""The one way a lead or a deal changes its stage, and the explanation why it may not."""
