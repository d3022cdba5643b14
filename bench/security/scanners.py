"""The scanners: what they are started with, and what they have found."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

VERSIONS = {"sqlmap": "1.10.10", "wapiti3": "3.2.3"}
_WAPITI = (
    "sql,timesql,exec,file,crlf,xxe,redirect,ssrf,xss,permanentxss,log4shell,methods,htaccess,http_headers,csp,"
    "cookieflags,upload"
)
_SPARE_SECONDS = 180  # in which a scanner that was told to end does end


@dataclass(frozen=True)
class Target:
    """A service, a key of it and its filled document, and how long each scanner may take."""

    url: str
    key: str
    document: Path
    seconds: int

    @property
    def credential(self) -> str:
        return f"Authorization: Bearer {self.key}"


def install(folder: Path) -> Path:
    """Put the scanners into an environment of their own; gives the folder of their programs."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    wanted = [f"{name}=={version}" for name, version in VERSIONS.items()]
    subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", *wanted], check=True)
    return folder / "bin"


def run_sqlmap(programs: Path, target: Target, folder: Path) -> list[str]:
    """Look for SQL injection in paths, queries and bodies; gives what was found."""
    results = folder / "sqlmap.csv"
    options = ["--openapi", str(target.document), "--openapi-base", target.url, "--headers", target.credential]
    options += ["--batch", "--level", "2", "--risk", "1", "--threads", "1", "--time-limit", str(target.seconds)]
    options += ["--dbms", "PostgreSQL", "--technique", "BEUST", "--ignore-code", "*", "--flush-session"]
    options += ["--results-file", str(results), "--output-dir", str(folder / "sqlmap"), "--disable-coloring"]
    _run([str(programs / "sqlmap"), *options], folder / "sqlmap.log", target.seconds)
    return list(_sqlmap_findings(results)) if results.exists() else []


def run_wapiti(programs: Path, target: Target, folder: Path) -> list[str]:
    """Look for injections, forged requests and missing headers; gives what was found."""
    report = folder / "wapiti.json"
    options = ["--url", f"{target.url}/", "--swagger", str(target.document), "--header", target.credential]
    options += ["--module", _WAPITI, "--tasks", "2", "--flush-session", "--no-bugreport", "--color"]
    each = max(1, target.seconds // (_WAPITI.count(",") + 1))  # of its modules
    options += [
        "--max-scan-time",
        str(target.seconds),
        "--max-attack-time",
        str(each),
        "--format",
        "json",
        "--output",
        str(report),
    ]
    options += ["--store-session", str(folder / "wapiti")]
    _run([str(programs / "wapiti"), *options], folder / "wapiti.log", target.seconds)
    if not report.exists():
        return ["wapiti has made no report: see its log"]
    return list(_wapiti_findings(json.loads(report.read_text(encoding="utf-8"))))


def _run(command: list[str], log: Path, seconds: int) -> None:
    # whoever does not end in time is ended: what was found until then stands in its report
    with log.open("wb") as output, suppress(subprocess.TimeoutExpired):
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            timeout=seconds + _SPARE_SECONDS,
            check=False,
        )


def _sqlmap_findings(results: Path) -> Iterator[str]:
    with results.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row.get("Parameter") and "false positive" not in row["Note(s)"]:  # its own verdict, after trying
                yield f"{row['Target URL']}: {row['Place']} {row['Parameter']} {row['Technique(s)']}"


def _wapiti_findings(report: dict[str, dict[str, list[dict[str, str]]]]) -> Iterator[str]:
    for section in ("vulnerabilities", "anomalies"):
        for name, found in report[section].items():
            for each in found:
                yield f"{name}: {each['method']} {each['path']}: {each['info']}"
