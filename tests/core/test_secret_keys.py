import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.core.secret_keys import SecretKeysMissing, SecretKeysUnusable, kept_keys, new_key, parse_keys
from app.core.settings import Settings

MATERIAL = bytes(range(32))
ENCODED = base64.b64encode(MATERIAL).decode()
OTHER = base64.b64encode(MATERIAL[::-1]).decode()
SHORT = base64.b64encode(MATERIAL[:16]).decode()


def test_reads_keys_in_their_order() -> None:
    keys = parse_keys(f" 2026b:{OTHER},\n2026a:{ENCODED},\n")

    assert [(key.id, key.material) for key in keys] == [("2026b", MATERIAL[::-1]), ("2026a", MATERIAL)]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (ENCODED, "entry 1 is not <id>:<base64>"),
        (f"{ENCODED}:2026a", "entry 1 is not <id>:<base64>"),
        (f"2026a:{ENCODED},:{OTHER}", "entry 2 is not <id>:<base64>"),
        (f"2026 a:{ENCODED}", "entry 1 is not <id>:<base64>"),
        (f"2026a:{ENCODED[:-2]}", "the key of entry 1 is not base64"),
        (f"2026a:{ENCODED[:20]}!{ENCODED[21:]}", "the key of entry 1 is not base64"),
        (f"2026b:{OTHER},2026a:{SHORT}", "the key of entry 2 has 16 bytes, not 32"),
        ("2026a:", "the key of entry 1 has 0 bytes, not 32"),
        (f"2026a:{ENCODED},2026a:{OTHER}", "two entries have the same id"),
        (f"2026a:{ENCODED},2026b:{ENCODED}", "two entries have the same key"),
    ],
)
def test_refuses_unusable_keys_without_repeating_them(written: str, reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(DATABASE_URL="postgresql://x/y", secret_keys=written)

    assert reason in str(refused.value)
    assert not any(part in str(refused.value) for part in (ENCODED[:12], OTHER[:12], "2026"))


def test_settings_never_show_a_key() -> None:
    settings = Settings(secret_keys=f"2026a:{ENCODED}")

    assert ENCODED not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert settings.secret_box().open(settings.secret_box().seal(b"x", b""), b"") == b"x"


@pytest.mark.parametrize("nothing", ["", " ", ","])
def test_no_key_is_said_when_one_is_needed(nothing: str) -> None:
    settings = Settings(secret_keys=nothing)

    with pytest.raises(SecretKeysMissing, match="stageline create-secret-key"):
        settings.secret_box()


def test_a_kept_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secret-keys"

    first, second = kept_keys(file), kept_keys(file)

    assert first == second
    assert len(parse_keys(first)) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_all_who_ask_at_once_get_the_same_key(tmp_path: Path) -> None:
    files = [tmp_path / str(number) / "secret-keys" for number in range(50)]

    with ThreadPoolExecutor(8) as threads:
        kept = [{*threads.map(kept_keys, [file] * 8)} for file in files]

    assert [len(keys) for keys in kept] == [1] * 50


@pytest.mark.parametrize("content", ["", "\n", "2026a:damaged", "\N{LATIN SMALL LETTER U WITH DIAERESIS}"])
def test_a_damaged_file_is_never_replaced(tmp_path: Path, content: str) -> None:
    file = tmp_path / "secret-keys"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(SecretKeysUnusable, match="secret-keys"):
        kept_keys(file)

    assert file.read_text(encoding="utf-8") == content


def test_a_made_key_is_never_made_again() -> None:
    assert len({new_key() for _ in range(100)}) == 100
