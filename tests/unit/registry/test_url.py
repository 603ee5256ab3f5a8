"""A listener's URL is read strictly: one host, whoever parses it."""

from __future__ import annotations

import contextlib
import sys
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durian.errors import InvalidListener, MissingExtra
from durian.registry import url
from durian.registry.url import DENIED_PORTS, parse_url


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "target"),
    [
        ("https://example.com/hook", "https", "example.com", 443, "/hook"),
        ("http://example.com/hook", "http", "example.com", 80, "/hook"),
        ("https://example.com", "https", "example.com", 443, "/"),
        ("https://example.com?x=1", "https", "example.com", 443, "/?x=1"),
        ("https://example.com/?x=1", "https", "example.com", 443, "/?x=1"),
        ("HTTPS://Example.COM/Hook", "https", "example.com", 443, "/Hook"),
        ("https://example.com:8443/", "https", "example.com", 8443, "/"),
        ("https://example.com:65535/", "https", "example.com", 65535, "/"),
        ("https://example.com:1/", "https", "example.com", 1, "/"),
        ("https://example.com./hook", "https", "example.com", 443, "/hook"),
        ("https://my_service.example.com/", "https", "my_service.example.com", 443, "/"),
        ("https://r3---a.example.com/", "https", "r3---a.example.com", 443, "/"),
        ("https://4chan.example/", "https", "4chan.example", 443, "/"),
        ("https://1.2.3.4.example/", "https", "1.2.3.4.example", 443, "/"),
        ("https://b\u00fccher.example/", "https", "xn--bcher-kva.example", 443, "/"),
        ("https://B\u00dcCHER.example/", "https", "xn--bcher-kva.example", 443, "/"),
        ("https://xn--bcher-kva.example/", "https", "xn--bcher-kva.example", 443, "/"),
        ("https://\u4f8b\u3048.example/", "https", "xn--r8jz45g.example", 443, "/"),
        ("http://localhost:8000/", "http", "localhost", 8000, "/"),
        ("https://example.com/a@b?c=d@e:80", "https", "example.com", 443, "/a@b?c=d@e:80"),
        ("https://x.com/?next=http://10.0.0.1/", "https", "x.com", 443, "/?next=http://10.0.0.1/"),
        ("https://x.com/caf%C3%A9?q=[x]{y}|", "https", "x.com", 443, "/caf%C3%A9?q=[x]{y}|"),
        ("https://example.com//double//slash", "https", "example.com", 443, "//double//slash"),
    ],
)
def test_a_url_is_taken_apart(text: str, scheme: str, host: str, port: int, target: str) -> None:
    read = parse_url(text)
    assert (read.scheme, read.host, read.port, read.target) == (scheme, host, port, target)
    assert not read.literal


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://8.8.8.8/", "8.8.8.8"),
        ("http://8.8.8.8:8080/", "8.8.8.8"),
        ("http://127.0.0.1/", "127.0.0.1"),
        ("http://[2606:4700:4700::1111]/", "2606:4700:4700::1111"),
        ("http://[2606:4700:4700:0:0::1111]:8080/", "2606:4700:4700::1111"),
        ("http://[::FFFF:10.0.0.1]/", "::ffff:a00:1"),
    ],
)
def test_an_address_is_told_from_a_name(text: str, host: str) -> None:
    read = parse_url(text)
    assert (read.host, read.literal) == (host, True)


@pytest.mark.parametrize(
    "authority",
    [
        *("127.1", "127.0.1", "2130706433", "4294967297", "0", "0x7f000001", "0X7F000001"),
        *("0x7F.0x0.0x0.0x1", "0177.0.0.1", "0177.0000.0000.0001", "010.0.0.1", "127.0.0.01"),
        *("127.0.0.1.1", "256.0.0.1", "1.2.3", "example.1", "a.0x", "a.0x1", "1.2.3.4.5."),
        *("127.0.0.0x1", "00000177.0.0.1", "8.8.8.8.0x8", "3232235521"),
    ],
)
def test_odd_spellings_of_addresses_are_refused(authority: str) -> None:
    with pytest.raises(InvalidListener, match="four plain decimal numbers"):
        parse_url(f"http://{authority}/hook")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/hook",
        "//example.com/hook",
        "/hook",
        "http:",
        "http:/example.com/",
        "http:example.com",
        "http:\\\\example.com\\",
        "http://",
        "http:///hook",
        "http://?x",
        "http:// example.com/",
        "http://example.com /",
        " http://example.com/",
        "http://example.com/ ",
        "http://example.com/a b",
        "http://example.com/\r\nX-Injected: 1",
        "http://example.com/hook\n",
        "http://exa\tmple.com/",
        "http://example.com\x00/",
        "http://example.com/\x7f",
        "http://example.com/caf\u00e9",
        "http://example.com/?q=\u2713",
        "http://example.com/#fragment",
        "http://example.com#@127.0.0.1/",
        "http://example.com\\@127.0.0.1/",
        "http://example.com/a\\b",
        "http://user@example.com/",
        "http://user:password@example.com/",
        "http://example.com@127.0.0.1/",
        "http://@example.com/",
        "http://:@example.com/",
        "http://[::1]@example.com/",
        "http://127.0.0.1%2f@example.com/",
        "http://127.0.0.1%00.example.com/",
        "http://127.0.0.1%2eexample.com/",
        "http://%31%32%37%2e%30%2e%30%2e%31/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[::1%25lo]/",
        "http://::1/",
        "http://[::1/",
        "http://::1]/",
        "http://[::1]x/",
        "http://[::1].example.com/",
        "http://[[::1]]/",
        "http://[]/",
        "http://[::g]/",
        "http://[1::2::3]/",
        "http://[127.0.0.1]/",
        "http://[::ffff:127.0.0.01]/",
        "http://[v1.fe80]/",
        "http://[example.com]/",
        "http://example.com:/",
        "http://example.com:0/",
        "http://example.com:00080/",
        "http://example.com:080/",
        "http://example.com:-1/",
        "http://example.com:+80/",
        "http://example.com:65536/",
        "http://example.com:99999/",
        "http://example.com:4294967376/",
        "http://example.com:80a/",
        "http://example.com:8_0/",
        "http://example.com:80:80/",
        "http://example.com:\uff18\uff10/",
        "http://example.com:0x50/",
        "http://unix:/var/run/docker.sock:/info",
        "http://example..com/",
        "http://.example.com/",
        "http://./",
        "http://example.com../",
        "http://-example.com/",
        "http://example-.com/",
        "http://exam!ple.com/",
        "http://exam'ple.com/",
        "http://a,b.com/",
        "http://a*b.com/",
        "http://a;b.com/",
        "http://a&b=c.com/",
        "http://$(id).com/",
        "http://" + "a" * 64 + ".example.com/",
        "http://" + ".".join(["a" * 60] * 5) + "/",
        "http://xn--/",
        "http://xn--a/",
        "http://xn--localhost-/",
        "http://hidden.onion/",
        "http://metadata.packet.net/",
        "http://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54/",
        "http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3/",
        "http://loc\u24d0lhost/",
        "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11/",
        "http://127\uff610\uff610\uff611/",
        "http://127\u30020\u30020\u30021/",
        "http://example\uff0ecom/",
        "http://exam\u00adple.com/",
        "http://exam\u200bple.com/",
        "http://b\u00fccher\u3002example/",
        "http://\ud800.example/",
        "https://example.com/" + "a" * 2048,
    ],
)
def test_what_parsers_disagree_about_is_refused(text: str) -> None:
    with pytest.raises(InvalidListener) as caught:
        parse_url(text)
    assert caught.value.field == "url"


@pytest.mark.parametrize(
    "text",
    [
        *("file:///etc/passwd", "ftp://example.com/x", "gopher://example.com/", "dict://x.com/"),
        *("ldap://example.com/x", "data:text/plain,hi", "unix:///var/run/docker.sock"),
        *("amqp://example.com/", "httpx://example.com/", "javascript:alert(1)", "ws://x.com/"),
        *("http+unix://x.com/", "https:example.com", "h\u0074tps\u200b://example.com/"),
    ],
)
def test_other_schemes_are_refused(text: str) -> None:
    with pytest.raises(InvalidListener, match="must begin with https:// or http://"):
        parse_url(text)


@pytest.mark.parametrize("port", sorted(DENIED_PORTS))
def test_ports_of_other_services_are_refused(port: int) -> None:
    with pytest.raises(InvalidListener, match=f"has port {port}, which"):
        parse_url(f"http://example.com:{port}/")


@pytest.mark.parametrize("port", [80, 81, 443, 591, 3000, 4000, 5000, 8000, 8080, 8443, 9000, 9443])
def test_ports_where_receivers_live_are_not(port: int) -> None:
    assert parse_url(f"http://example.com:{port}/").port == port


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("HTTPS://Example.com", "https://example.com/"),
        ("https://example.com:443/x", "https://example.com/x"),
        ("http://example.com:443/x", "http://example.com:443/x"),
        ("http://[2606:4700::1]:8080/?a", "http://[2606:4700::1]:8080/?a"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
    ],
)
def test_a_url_is_written_in_one_way(text: str, written: str) -> None:
    assert str(parse_url(text)) == written
    assert parse_url(written) == parse_url(text)


def test_a_url_that_another_parser_reads_differently_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for other in ("http://other.example/", "http://a.example:81/", "http://a.example:x/"):
        monkeypatch.setattr(url, "urlsplit", lambda _, read=other: urlsplit(read))
        parse_url.cache_clear()
        with pytest.raises(InvalidListener, match="the same way by every parser"):
            parse_url("http://a.example/")
    parse_url.cache_clear()


def test_an_international_name_needs_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "idna", None)
    with pytest.raises(MissingExtra) as caught:
        parse_url("https://caf\u00e9.example/")
    assert caught.value.extra == "consumer"


@given(st.from_regex(r"xn--[a-z0-9-]{0,20}", fullmatch=True))
def test_any_punycode_is_read_or_refused(label: str) -> None:
    with contextlib.suppress(InvalidListener):
        assert parse_url(f"http://{label}.example/").host == f"{label}.example"


@given(st.text(st.sampled_from("htps:/.@[]%\\#?127x0aA:é\u3002\uff11-_ \t"), max_size=30))
def test_any_text_is_refused_or_read_the_same_way_twice(tail: str) -> None:
    with contextlib.suppress(InvalidListener):
        read = parse_url(f"http://{tail}")
        assert parse_url(str(read)) == read
        assert read.host.isascii()
        assert not set(read.host) & set("@%/\\#?[] ")
