import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.address_guard import AddressGuard
from app.core.destination import AddressRefused

guard = AddressGuard()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",  # not https
        "ftp://example.com/",
        "file:///etc/passwd",
        "//example.com/",
        "example.com",
        "https:example.com",
        "https:/example.com",
        "https://",
        "https:///path",
        "https://:443/",
        "https://./",
        "https://user@example.com/",  # userinfo
        "https://user:word@example.com/",
        "https://@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com:443@127.0.0.1:80/",
        "https://example.com#@127.0.0.1/",  # fragments
        "https://example.com/#",
        "https://example.com/a#b",
        "https://example.com\\@127.0.0.1/",  # parsers differ
        "https://example.com/\r\nX-Injected: 1",
        "https://exam\nple.com/",
        "https://example.com/a\tb",
        "https://example.com/ b",
        " https://example.com/",
        "\x00https://example.com/",
        "https://example.com:0/",  # ports
        "https://example.com:65536/",
        "https://example.com:-1/",
        "https://example.com:8٣/",
        "https://example.com:abc/",
        "https://2130706433/",  # loopback by another name
        "https://0x7f000001/",
        "https://0x7F.0.0.1/",
        "https://127.1/",
        "https://127.1./",
        "https://0177.0.0.1/",
        "https://127.0.0.0x1/",
        "https://0/",
        "https://１２７.0.0.1/",  # digits beyond ASCII
        "https://127。0。0。1/",
        "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
        "https://bücher.example/",  # xn--bcher-kva.example
        "https://[::1/",
        "https://::1/",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[127.0.0.1]/",
        "https://[example.com]/",
        "https://[v1.fe80]/",
        "https://exa%6dple.com/",
        "https://127.0.0.1%00.example.com/",
        "https://a..example.com/",
        "https://-a.example.com/",
        "https://" + "a" * 64 + ".example/",
        "https://" + "a." * 127 + "example/",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_refuses_urls_that_are_not_plainly_one_https_host(url: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        guard.check_url(url)

    assert type(refused.value) is AddressRefused
    assert "127" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "host_header", "port"),
    [
        ("https://example.com", "example.com", 443),
        ("HTTPS://Example.COM./hooks", "example.com", 443),
        ("https://example.com:443/", "example.com", 443),
        ("https://example.com:/", "example.com", 443),
        ("https://example.com:8443/", "example.com:8443", 8443),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443),
        ("https://in_house.example/", "in_house.example", 443),
        ("https://8.8.8.8/", "8.8.8.8", 443),
        ("https://[2606:4700::1111]:444/", "[2606:4700::1111]:444", 444),
    ],
)
def test_reads_host_and_port(url: str, host_header: str, port: int) -> None:
    destination = guard.check_url(url)

    assert destination.host_header == host_header
    assert destination.port == port


def test_keeps_path_and_query_as_written() -> None:
    destination = guard.check_url("https://example.com/a%2Fb/%7Ec?sig=x%2By%20z&sp=%2Ftriggers")

    assert (destination.path, destination.query) == ("/a%2Fb/%7Ec", "sig=x%2By%20z&sp=%2Ftriggers")


def test_allows_http_where_the_setting_does() -> None:
    destination = AddressGuard(allow_http=True).check_url("http://example.com:80/")

    assert (destination.is_tls, destination.host_header) == (False, "example.com")


@given(st.one_of(st.text(), st.text().map("https://".__add__)))
def test_reads_or_refuses_any_text(url: str) -> None:
    try:
        destination = guard.check_url(url)
    except AddressRefused:
        return

    assert destination.host
    assert 1 <= destination.port <= 65535
    assert url.isascii()
