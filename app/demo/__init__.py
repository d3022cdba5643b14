"""A believable sales department, made from a seed.

People, deals, evidence and targets come about through the same deeds as real ones, only at moments in the past
twelve months: every stage has its transition and every transition its event.
"""
