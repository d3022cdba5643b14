"""Why a contract may be refused."""

from app.core.problems import Conflict


class ContractNotDraft(Conflict):
    """This contract is not a draft any more."""

    remedy = "Draft another contract, or terminate this one when it is signed."


class ContractNotSigned(Conflict):
    """Only a signed contract can be terminated."""

    remedy = "Record the signature with `POST /v1/contracts/{id}/signature` first."
