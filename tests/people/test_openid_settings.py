import pytest
from pydantic import ValidationError

from app.core.settings import Settings

ORGANIZATION = "01a21371-cc74-7295-ac0c-d663458601f7"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"openid_audience": ""},
        {"openid_audience": "stageline"},
        {"openid_organization_id": ORGANIZATION},
        {"openid_audience": "stageline", "openid_organization_id": ORGANIZATION, "openid_organization_claim": "org"},
    ],
)
def test_a_provider_without_an_audience_or_exactly_one_source_of_organizations_is_refused(
    given: dict[str, str],
) -> None:
    with pytest.raises(ValidationError, match="STAGELINE_OPENID_ISSUER needs"):
        Settings.model_validate({"openid_issuer": "https://provider.example", **given})


@pytest.mark.parametrize("source", [{"openid_organization_id": ORGANIZATION}, {"openid_organization_claim": "org"}])
def test_a_provider_with_both_is_taken(source: dict[str, str]) -> None:
    given = {"openid_issuer": "https://provider.example", "openid_audience": "stageline", **source}

    assert Settings.model_validate(given).openid_user_claim == "sub"
