"""No dependency has a known vulnerability, as far as the database of PyPI can be asked from here."""

import json
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

PIP_AUDIT = Path(sys.executable).parent / "pip-audit"
OPTIONS = ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "10"]


def installed() -> str:
    """Everything that is installed from the lock file but our own package, as requirements."""
    versions = {each.name.lower(): each.version for each in distributions() if each.name != "stageline"}
    return "\n".join(f"{name}=={version}" for name, version in sorted(versions.items()))


@pytest.mark.timeout(300)
def test_no_dependency_has_a_known_vulnerability(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(installed(), encoding="utf-8")

    try:
        audit = subprocess.run(  # noqa: S603 # a tool of the project
            [str(PIP_AUDIT), "--requirement", str(requirements), *OPTIONS],
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the database of vulnerabilities did not answer in time")
    if not audit.stdout.startswith("{"):
        assert "Connection" in audit.stderr or "Timeout" in audit.stderr, audit.stderr[-2000:]
        pytest.skip("the database of vulnerabilities cannot be reached")
    found = json.loads(audit.stdout)["dependencies"]
    known = [each for each in found if "vulns" in each]
    if len(known) < len(found) / 2:
        pytest.skip(
            f"the database that was reached knows {len(known)} of {len(found)} packages: it is a mirror without it"
        )

    assert {f"{each['name']} {each['version']}": each["vulns"] for each in known if each["vulns"]} == {}
