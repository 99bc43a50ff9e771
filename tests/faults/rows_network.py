"""Rows: names that cannot be resolved, hosts that cannot be reached, TLS, and proxies."""

from __future__ import annotations

from . import scenes as s
from .catalogue import BOTH, BUFFERED, IN_PIPE, PLAIN, Call, Row, answers, fails
from .oracles import CANARY, Expect
from .server import End, Reply

OFFLINE = Call(via='exec unshare -Urn "$@"')
"""In a network of its own in which nothing is up."""
RESOLVER = "exec unshare -Urmn @PYTHON@ @TESTS@/resolver.py"
OWN_KEY = {"MCLI_API_KEY": CANARY}
ABROAD = {"MCLI_BASE_URL": "https://api.example/v1", **OWN_KEY}
BY_NUMBER = {"MCLI_BASE_URL": "https://192.0.2.1/v1", **OWN_KEY}
"""An address that nobody has (RFC 5737); it is called only where there is no network."""


def resolved(how: str, **env: str) -> Call:
    """A call of another host where the name server does `how`."""
    return Call(via=f'{RESOLVER} {how} "$@"', env=ABROAD | env)


def unseen(code: int, slug: str, says: str = "") -> Expect:
    """A failure of which the server learns nothing."""
    return fails(code, slug, None, says=says)


REFUSED = 'exec unshare -Urn sh -c "ip link set lo up; exec \\"\\$@\\"" sh "$@"'
SLOW_NAME = unseen(75, "deadline")

NAMES = [
    Row("N-01", s.ok(), unseen(69, "dns_unknown", "attempts=3"), call=resolved("unknown")),
    Row("N-02", s.ok(), SLOW_NAME, call=resolved("silent"), timeout=2, modes=BOTH),
    Row(
        "N-02-again", s.ok(), unseen(75, "dns_failed", "attempts=3"), call=resolved("failing"),
        modes=IN_PIPE,
    ),
    Row(
        "N-02-found", s.ok(), unseen(75, "connect_refused", "api.example"),
        call=resolved("found"), modes=IN_PIPE,
    ),
    Row(
        "N-02-long", s.ok(), unseen(75, "connect_timeout", "within 10 s"),
        call=resolved("silent"), timeout=25, retries=0, modes=PLAIN, slow=True,
        why="connecting has a limit of its own",
    ),
    Row("N-04", s.ok(), SLOW_NAME, door="jammed", timeout=2),
    Row(
        "N-04-long", s.ok(), unseen(75, "connect_timeout", "within 10 s"), door="jammed",
        timeout=25, retries=0, modes=PLAIN, slow=True,
    ),
    Row("N-05", s.ok(), unseen(75, "network_unreachable", "attempts=3"), call=OFFLINE),
    Row(
        "N-05-abroad", s.ok(), unseen(75, "network_unreachable", "192.0.2.1"),
        call=Call(via=OFFLINE.via, env=BY_NUMBER), modes=IN_PIPE,
    ),
    Row(
        "N-05-loopback", s.ok(), unseen(75, "connect_refused"), call=Call(via=REFUSED),
        modes=PLAIN,
    ),
]  # fmt: skip

TRUST = {"SSL_CERT_FILE": "@CA@"}
UNTRUSTED = unseen(76, "tls_untrusted", "attempts=1")


def secure(kind: str, expect: Expect, id: str, modes: tuple[str, ...] = IN_PIPE, **env: str) -> Row:
    """A row whose server shows that certificate to a client that trusts the authority."""
    return Row(
        id, s.ok("Hello"), expect, tls=kind, call=Call(env=TRUST | env), modes=modes, timeout=6
    )


TLS = [
    secure("good", answers("Hello"), "N-70-good", BOTH),
    secure("self", UNTRUSTED, "N-70", BOTH),
    secure("expired", unseen(76, "tls_untrusted", "expired"), "N-70-expired"),
    secure("elsewhere", unseen(76, "tls_untrusted", "not valid for"), "N-70-name"),
    secure("good", UNTRUSTED, "N-70-unknown", SSL_CERT_FILE=""),
    secure("good", answers("Hello"), "N-70-folder", SSL_CERT_FILE="@CA@", SSL_CERT_DIR="/gone"),
    secure("reset", unseen(75, "connect_failed", "attempts=3"), "N-71"),
    secure("silent", unseen(75, "deadline"), "N-71-silent"),
    secure("old", unseen(76, "tls_failed", "attempts=1"), "N-71-old"),
    secure("plain", unseen(78, "not_tls"), "N-71-plain"),
]

VIA = {"https_proxy": "http://127.0.0.1:@PORT@"}
BY_WAY = "via the proxy 127.0.0.1:"
CONNECT = "CONNECT api.example:443"


def proxied(
    id: str, script: Reply, code: int, slug: str, attempts: int, says: str = BY_WAY, **more: str
) -> Row:
    """A row in which the server is the proxy on the way to another host."""
    expect = Expect(code, slug, "", attempts, says=(says,), asks=CONNECT, bearer=None)
    env = ABROAD | VIA | more
    return Row(id, script, expect, call=Call(env=env), modes=IN_PIPE, timeout=4)


SECRET_PROXY = f"http://user:{CANARY.replace('/', '%2F').replace('+', '%2B')}@127.0.0.1:@PORT@"
PROXIES = [
    proxied("N-72-407", s.status(407), 77, "proxy_auth", 1),
    proxied("N-72-502", s.status(502), 75, "proxy_failed", 3),
    proxied("N-72-403", s.status(403), 77, "proxy_refused", 1),
    proxied("N-72-gone", s.hangup(), 75, "disconnected|connect_failed", 3),
    proxied("N-72-silent", s.hangup(End.STALL), 75, "deadline", 1, says=""),
    proxied("N-72-secret", s.status(407), 77, "proxy_auth", 1, https_proxy=SECRET_PROXY),
    Row(
        "N-72", s.ok(), unseen(75, "connect_refused", BY_WAY),
        door="shut", call=Call(env=ABROAD | VIA), modes=IN_PIPE,
    ),
]  # fmt: skip


def environment(id: str, name: str, value: str, **more: str) -> Row:
    """A row in which a variable that the whole machine shares cannot be used."""
    expect = unseen(78, "bad_environment", name)
    return Row(id, s.ok(), expect, call=Call(env={**ABROAD, name: value, **more}), modes=IN_PIPE)


ENVIRONMENT = [
    environment("N-73", "ALL_PROXY", "socks5://127.0.0.1:9"),
    environment("N-73-scheme", "HTTPS_PROXY", "ftp://127.0.0.1:9"),
    environment("N-73-ca", "SSL_CERT_FILE", "/gone.pem"),
    Row(
        "N-73-no",
        s.ok(),
        unseen(75, "connect_refused", BY_WAY),
        door="shut",
        call=Call(env=ABROAD | VIA | {"NO_PROXY": "[::1"}),
        modes=PLAIN,
        why="a word of NO_PROXY that names nothing keeps nothing from the proxy, as in curl",
    ),
    environment("N-73-page", "SSL_CERT_FILE", "/etc/hostname"),
]

HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
GOOD = s.as_json(s.completion("Hello"))
LOOKALIKE = HINT.decode() * 30 + "end"
TOO_MANY = fails(76, "protocol_error", says="interim")

INTERIM = [
    Row("N-20", s.endless_head(HINT), TOO_MANY, timeout=6),
    Row("N-20-slow", s.endless_head(HINT, every=0.02), TOO_MANY, timeout=6, modes=IN_PIPE),
    Row("N-20-cut", s.one_byte(Reply((HINT * 21, *GOOD.steps))), TOO_MANY, modes=(BUFFERED,)),
    Row("N-20-most", Reply((HINT * 20, *GOOD.steps)), answers("Hello"), modes=IN_PIPE),
    Row("N-20-body", s.as_json(s.completion(LOOKALIKE)),
        answers(LOOKALIKE), modes=(BUFFERED,),
        why="what looks like one in the answer is the answer"),
]  # fmt: skip

ROWS = [*NAMES, *TLS, *PROXIES, *ENVIRONMENT, *INTERIM]
