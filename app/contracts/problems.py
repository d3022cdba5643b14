"""Why a contract may be refused."""

from app.core.problems import Conflict


class ContractNotDraft(Conflict):
    """This contract is not a draft any more."""


class ContractNotSigned(Conflict):
    """Only a signed contract can be terminated."""
