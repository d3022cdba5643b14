"""A corpus of input that parsers, validators or databases are known to choke on; each holds the canary where it can."""

from dataclasses import dataclass, field

CANARY = "Canary-7f3a"
JSON = "application/json"
_MIB = 1024 * 1024


@dataclass(frozen=True)
class HostileBody:
    """A body that no operation accepts, and how it is refused."""

    name: str
    content: bytes
    status: int = 400
    code: str | None = None
    pointer: str | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": JSON})


def _text(name: str, content: str, code: str | None = None, pointer: str | None = None) -> HostileBody:
    return HostileBody(name, content.encode("utf-8", "surrogatepass"), 400, code, pointer)


def _typed(name: str, content_type: str | None, content: bytes = b"{}") -> HostileBody:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return HostileBody(f"content type {name}", content, 415, headers=headers)


def _encoded(name: str, content: bytes) -> HostileBody:
    return HostileBody(f"{name} body", content, 415, headers={"Content-Type": JSON, "Content-Encoding": name})


_DEEP = 40

BODIES = (
    _text("NaN", '{"name": NaN}', "not_finite", "/name"),
    _text("Infinity", '{"name": [{"amount": Infinity}]}', "not_finite", "/name/0/amount"),
    _text("-Infinity", "[-Infinity]", "not_finite", "/0"),
    _text("a float beyond all", '{"name": 1e400}', "not_finite", "/name"),
    _text("20 digits", '{"limit": 12345678901234567890}', "too_many_digits", "/limit"),
    _text("5000 digits", f'{{"limit": -{"9" * 5_000}}}', "too_many_digits", "/limit"),
    _text("NUL", f'{{"name": "{CANARY}\\u0000"}}', "nul", "/name"),
    _text("NUL in a key", f'{{"{CANARY}\\u0000": 1}}', "nul", ""),
    _text("raw NUL", f'{{"name": "{CANARY}\0"}}'),
    _text("a lone surrogate", f'{{"name": "{CANARY}\\ud800"}}', "lone_surrogate", "/name"),
    _text("a lone surrogate the other way", f'{{"name": "\\udc00\\ud800{CANARY}"}}', "lone_surrogate", "/name"),
    _text("a lone surrogate in a key", f'{{"name": {{"{CANARY}\\udfff": 1}}}}', "lone_surrogate", "/name"),
    _text("a raw surrogate", f'{{"name": "{CANARY}\ud800"}}'),
    _text("a key twice", f'{{"name": "a", "name": "{CANARY}"}}', "duplicate_key", ""),
    _text("a key twice below", f'{{"name": {{"{CANARY}": 1, "{CANARY}": 2}}}}', "duplicate_key", "/name"),
    _text("a key twice in disguise", '{"name": "a", "\\u006eame": "b"}', "duplicate_key", ""),
    _text("deep lists", "[" * _DEEP + "]" * _DEEP, "too_deep", ""),
    _text("deep objects", '{"a":' * _DEEP + "1" + "}" * _DEEP, "too_deep", ""),
    _text("bottomless lists", "[" * 500_000, "too_deep", ""),
    _text("bottomless objects", '{"a":' * 200_000, "too_deep", ""),
    _text("half of it", f'{{"name": "{CANARY}'),
    _text("more than one", f'{{}} {{"name": "{CANARY}"}}'),
    _text("single quotes", f"{{'name': '{CANARY}'}}"),
    _text("a comment", f"{{}} // {CANARY}"),
    _text("a comma too many", '{"name": "a",}'),
    _text("a form", f"name={CANARY}"),
    _text("a raw line break", f'{{"name": "{CANARY}\n"}}'),
    _text("a byte order mark", "\ufeff{}"),
    _text("whitespace", " \t\r\n"),
    HostileBody("invalid UTF-8", b'{"name": "' + CANARY.encode() + b'\xff\xfe"}'),
    HostileBody("an overlong slash", b'{"name": "\xc0\xaf"}'),
    HostileBody("UTF-16", "{}".encode("utf-16")),
    HostileBody("Latin-1", b'{"name": "caf\xe9"}'),
    HostileBody("binary", bytes(range(256))),
    HostileBody("more than a MiB", b'{"name": "' + b"x" * _MIB + b'"}', 413),
    HostileBody("a MiB of spaces", b" " * (_MIB + 1), 413),
    _typed("absent", None),
    _typed("plain text", "text/plain", CANARY.encode()),
    _typed("form", "application/x-www-form-urlencoded", f"name={CANARY}".encode()),
    _typed("multipart", f"multipart/form-data; boundary={CANARY}"),
    _typed("XML", "application/xml", f"<name>{CANARY}</name>".encode()),
    _typed("of the canary", CANARY),
    _typed("another JSON", "application/merge-patch+json"),
    _typed("two", "application/json, text/plain"),
    _typed("another charset", "application/json; charset=utf-16"),
    _typed("endless", "application/json;" + "a" * 10_000),
    _encoded("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00C\xbf\xa6\xa3\x02\x00\x00\x00"),
    _encoded("deflate", b"x\x9c\xab\xae\x05\x00\x01u\x00\xf9"),
    _encoded("br", b"\x0b\x00\x80{}\x03"),
    _encoded(CANARY, b"{}"),
)

NOT_OBJECTS = ("null", "true", "0", "1.5", '"text"', "[]", '[{"name": "a"}]', f'{{"{CANARY}": "{CANARY}"}}', '{"": {}}')
"""Values that parse, and that no operation takes as they are."""

FIELD_VALUES: tuple[object, ...] = (
    f"{CANARY}" * 2_000,
    f"{CANARY}\u202e\ufeff\U0001f4a5",
    f"'; DROP TABLE leads; -- {CANARY}",
    f"%s {{0}} {CANARY} \\ ",
    "",
    " ",
    -1,
    9_223_372_036_854_775_807,
    2_147_483_648,
    1e308,
    "1e308",
    "NaN",
    "-Infinity",
    "9" * 40,
    "0001-01-01",
    "9999-12-31T23:59:59.999999-23:59",
    "00000000-0000-0000-0000-000000000000",
    True,
    [],
    [CANARY] * 300,
    {},
    {CANARY: CANARY},
    [[[[CANARY]]]],
)
"""Values for a single field of a body that is valid otherwise; whether they are taken is the field's own matter."""

QUERY_VALUES = (
    f"{CANARY}%00",
    f"%ED%A0%80{CANARY}",
    f"{CANARY}%FF%FE",
    f"%C0%AF{CANARY}",
    f"%{CANARY}",
    f"{CANARY}",
    "",
    "%20",
    "-1",
    "12345678901234567890",
    "9" * 5_000,
    "NaN",
    "Infinity",
    "1e400",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59",
    "%F0%9F%92%A5",
    f"%27;DROP%20TABLE%20leads;--{CANARY}",
)

QUERIES = (
    f"{CANARY}=1",
    f"%00{CANARY}=1",
    f"limit=1&{'x' * 60_000}",
    "limit=" + "9" * 60_000,
    "&".join(["limit=1"] * 5_000),
    "&".join(f"a{number}={CANARY}" for number in range(1_000)),
    "&" * 10_000,
    "=" * 1_000,
    f"limit[]=1&limit[{CANARY}]=2",
    f"limit=%31%3{CANARY}",
    f";{CANARY};",
)

HEADERS = (
    ("Authorization", f"Bearer {CANARY}"),
    ("Authorization", f"Basic {CANARY}"),
    ("Authorization", CANARY),
    ("Authorization", f"Bearer slk_{CANARY}"),
    ("Authorization", "Bearer " + "x" * 30_000),
    ("Authorization", "Bearer caf\xe9"),
    ("If-Match", CANARY),
    ("If-Match", f'"{CANARY}"'),
    ("If-Match", 'W/"1"'),
    ("If-Match", '"12345678901234567890"'),
    ("Idempotency-Key", f"{CANARY} {CANARY}"),
    ("Idempotency-Key", "x" * 256),
    ("Idempotency-Key", "caf\xe9"),
    ("Idempotency-Key", ""),
    ("X-Request-Id", f"{CANARY} <script>"),
    ("X-Request-Id", "x" * 10_000),
    ("Last-Event-ID", CANARY),
    ("Accept", CANARY),
    ("Origin", f"https://{CANARY}.example"),
    ("Range", f"bytes={CANARY}"),
    ("Cookie", f"a={CANARY}"),
)

CURSOR_VALUES: tuple[object, ...] = (
    f"{CANARY}\0",
    f"\ud800{CANARY}",
    "9" * 5_000,
    "-infinity",
    1e400,
    None,
    [CANARY],
    {},
)
"""What somebody may write into the place of a cursor, which is no secret."""
