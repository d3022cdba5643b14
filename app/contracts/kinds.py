"""The words for contracts: what they are, and where they stand."""

from enum import StrEnum


class ContractKind(StrEnum):
    """A contract to be signed, or a purchase that was made without one."""

    CONTRACT = "contract"
    PURCHASE = "purchase"


class ContractStatus(StrEnum):
    """Where a contract stands: draft, then signed, then terminated."""

    DRAFT = "draft"
    SIGNED = "signed"
    TERMINATED = "terminated"
