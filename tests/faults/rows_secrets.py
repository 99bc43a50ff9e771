"""Rows: where the key comes from, what is refused as one, and where it may go."""

from __future__ import annotations

import signal
from dataclasses import replace

from . import scenes as s
from .bystander import BYSTANDER
from .catalogue import ASKED, IN_PIPE, JSON, PLAIN, Again, Call, Row, Strike, answers, dies, fails
from .leaks import CANARY
from .oracles import Expect
from .rows_process import STALL

FILE, COMMAND = "{file: @HOME@/secret}", "{command: [cat, @HOME@/secret]}"
OTHER = "sk-other-5d1e-77c0+9a3b4f2e8d61"
"""A second key, which must be hidden too."""
PIPED = 'exec 9< <(cat @HOME@/secret); wait $!; MCLI_API_KEY_FILE=/dev/fd/9 exec "$@"'
ABSENT = fails(78, "no_key", 0)
KEYLESS = replace(answers(), bearer=None)


def varied(value: str) -> Call:
    """The key's variable has this value."""
    return Call(env={"CANARY_KEY": value})


def held(how: str, source: str = FILE) -> Call:
    """The key's file holds what printf makes of `how`; `$K` is the key."""
    return Call(via=f"K='{CANARY}'; printf {how} >@HOME@/secret; exec \"$@\"", key=source)


def refused(*says: str) -> Expect:
    """What was found is no key: its length and source are told, and nothing of it."""
    return replace(fails(78, "bad_key", 0), says=("characters)", *says))


SOURCES = [
    *(
        Row(f"S-01-{n}", s.ok(), answers(), call=call, modes=IN_PIPE)
        for n, call in enumerate((
            varied(f"{CANARY}\n"), varied(f" \t{CANARY}\r\n "), held('"$K\\r\\n"'), held('" $K"'),
            held('"\\n\\n$K\\n"'), held('"$K\\r\\nuser: me\\n"', COMMAND), Call(key=FILE), Call(key=COMMAND),
        ))
    ),
    Row("S-01-api", s.ok(), answers(), call=Call(env={"CANARY_KEY": "", "MCLI_API_KEY": f"{CANARY}\n"}), modes=IN_PIPE),
    Row("S-01-api-file", s.ok(), answers(), call=Call(env={"CANARY_KEY": "", "MCLI_API_KEY_FILE": "@HOME@/secret"}), modes=IN_PIPE),
    Row("S-01-pipe", s.ok(), answers(), call=Call(via=PIPED), modes=PLAIN, why="a process substitution is a file too"),
    Row("S-02-line", s.ok(), refused("environment CANARY_KEY"), call=varied(f"{CANARY[:20]}\n{CANARY[20:]}"), modes=IN_PIPE),
    Row("S-02-nul", s.ok(), refused("file @HOME@/secret"), call=held('"$K\\0x"'), modes=IN_PIPE),
    Row("S-02-lines", s.ok(), refused("file @HOME@/secret"), call=held('"$K\\n$K\\n"'), modes=IN_PIPE),
    Row("S-02-latin", s.ok(), refused("file @HOME@/secret"), call=held('"$K\\351"'), modes=IN_PIPE),
    Row("S-02-utf8", s.ok(), refused(), call=varied(f"{CANARY}\u00e9"), modes=IN_PIPE),
    Row("S-02-quoted", s.ok(), refused("without quotes"), call=varied(f'"{CANARY}"'), modes=IN_PIPE, why="as docker --env-file hands it on"),
    Row("S-02-single", s.ok(), refused("without quotes"), call=varied(f"'{CANARY}'"), modes=PLAIN),
    Row("S-02-header", s.ok(), refused(), call=varied(f"Bearer {CANARY}"), modes=IN_PIPE),
    Row("S-02-command", s.ok(), refused("command printf"), call=Call(key="{command: [printf, 'two words']}"), modes=PLAIN),
    Row("S-03", s.ok(), KEYLESS, call=varied(""), modes=IN_PIPE, again=None, why="contract §7: a server on this machine needs none"),
    Row("S-03-blank", s.ok(), KEYLESS, call=varied(" \n "), modes=IN_PIPE),
    Row("S-03-file", s.ok(), replace(ABSENT, says=("gave nothing",)), call=held('" \\n"'), modes=IN_PIPE),
    Row("S-03-gone", s.ok(), replace(ABSENT, says=("@HOME@/gone",)), call=Call(key="{file: @HOME@/gone}"), modes=IN_PIPE),
    Row("S-03-command", s.ok(), replace(ABSENT, says=("command true",)), call=Call(key="{command: ['true']}"), modes=IN_PIPE),
    Row("S-03-failed", s.ok(), replace(ABSENT, says=("status 3", "***")), modes=IN_PIPE, why="the key is on both of its streams",
        call=Call(key=r'{command: [bash, -c, "cat @HOME@/secret; cat @HOME@/secret >&2; exit 3"]}')),
    Row("S-03-abroad", s.ok(), fails(78, "no_key_for_host", 0), call=Call(env={"MCLI_BASE_URL": "https://192.0.2.1/v1", "MCLI_API_KEY": " "}), modes=IN_PIPE),
]  # fmt: skip

NO_FLAG = replace(fails(2, "usage", 0), hides=(OTHER,))


def said(id: str, *words: str, expect: Expect = NO_FLAG, says: str = "", **env: str) -> Row:
    """A command line with a key in it, which is not repeated."""
    told = replace(expect, says=(says,) if says else ())
    return Row(f"S-04{id}", s.ok(), told, call=Call(words, env=env), modes=IN_PIPE, again=ASKED)


FLAGS = [
    said("", "ask", "hi", "--api-key", OTHER, says="no flag takes a key"),
    said("-is", "ask", "hi", f"--api-key={OTHER}", says="MCLI_API_KEY"),
    said("-first", f"--api-key={OTHER}", "ask", "hi"),
    said("-key", "ask", "--key", OTHER, "hi"),
    said("-short", "ask", f"-k{OTHER}", "hi"),
    said("-no-key", "ask", "hi", f"--no-key={OTHER}"),
    said("-config", "config", "show", f"--api_key={OTHER}"),
    said("-stray", "ask", "hi", OTHER, says="***", MCLI_API_KEY=OTHER),
    said("-command", OTHER, says="***", OPENAI_API_KEY=OTHER),
    said("-param", "ask", "hi", "--param", OTHER, says="***", MCLI_API_KEY=OTHER, expect=replace(NO_FLAG, slug="bad_flag")),
]  # fmt: skip

QUERY = {"MCLI_BASE_URL": "@URL@?api-version=2026-01-01", "MCLI_API_KEY": CANARY}
ASKS = "POST /v1/chat/completions?api-version=2026-01-01"
TELLS = Call(("ask", "hi", "-v", "-v"), env=QUERY)
NOTED = replace(answers(attempts=2), notes=("attempt 1", "tokens=9+3"), asks=ASKS)
NO_USER = replace(fails(78, "bad_base_url", 0), hides=(OTHER, "77c0"))
BASES = {
    "": f"http://user:{OTHER}@127.0.0.1:@PORT@/v1",
    "-user": f"http://{OTHER}@127.0.0.1:@PORT@/v1",
    "-query": f"@URL@?key={OTHER}",
    "-name": f"@URL@?x=y&Access-Token={OTHER}",
    "-port": f"https://user:{OTHER}/v1",
    "-ipv6": f"https://[{OTHER}/v1",
    "-scheme": f"user:{OTHER}@host/v1",
}
PREVIEW = """\
{
  "method": "POST",
  "url": "http://127.0.0.1:9/v1/chat/completions",
  "headers": {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": "mcli/VERSION",
    "Authorization": "Bearer ***"
  },
  "body": {
    "model": "test-model",
    "messages": [
      {
        "role": "user",
        "content": "hi"
      }
    ]
  }
}
"""
OWN = {"MCLI_BASE_URL": "http://127.0.0.1:9/v1", "MCLI_API_KEY": CANARY}
DRY = Call(
    ("run", "./hi.yaml", "--dry-run"),
    env=OWN,
    files={"hi.yaml": b"data: none\nmessages: [{user: hi}]\n"},
)


def preview() -> Expect:
    """What a dry run prints: the request, and that there is a key."""
    from mcli import __version__

    told = {"data.headers.Authorization": "Bearer ***"}
    return Expect(0, None, PREVIEW.replace("VERSION", __version__), 0, told=told)


TOLD = [
    Row("S-07", [s.status(503), s.ok()], replace(NOTED, hides=("api-version", "?")), call=TELLS, modes=IN_PIPE, why="no address has its query, nor any note a body"),
    Row("S-07-failed", s.error(400), replace(fails(69, "bad_request"), asks=ASKS, hides=("api-version",)), call=TELLS, modes=IN_PIPE, again=ASKED),
    *(
        Row(f"S-08{name}", s.ok(), NO_USER, call=Call(env={"MCLI_BASE_URL": url}), modes=IN_PIPE)
        for name, url in BASES.items()
    ),
    Row("S-08-flag", s.ok(), replace(NO_USER, exit=2), call=Call(("ask", "hi", "--base-url", BASES[""])), modes=IN_PIPE, again=ASKED),
    Row("S-08-show", s.ok(), NO_USER, call=Call(("config", "show", "--json"), env={"MCLI_BASE_URL": BASES[""]}), modes=(JSON,), limits=False, again=None),
    Row("S-09", s.ok(), preview(), call=DRY, modes=IN_PIPE),
]  # fmt: skip

TO_FILE = Call(("ask", "hi", "-o", "answer"), files={"answer": b"old\n"})
WRITTEN = Expect(0, None, "", 1, files={"answer": b"ok\n"})
DRAFT = {"answer": b"old\n", ".mcli-dadd4a25": b"ok\n"}
KILLED = replace(dies(signal.SIGKILL), files=DRAFT)
LEFT = 'exec strace -f -qq -o /dev/null -e trace=fsync -e inject=fsync:signal=KILL "$@"'
OPEN = replace(fails(78, "writable_by_all", 0), says=("chmod o-w",))


def shared(id: str, mode: str, what: str, expect: Expect) -> Row:
    """A row in which the configuration or the key's file has that mode."""
    call = Call(via=f'chmod {mode} @HOME@/{what}; exec "$@"', key=FILE)
    return Row(f"S-11{id}", s.ok(), expect, call=call, modes=IN_PIPE)


SECRET = replace(OPEN, says=('key file "@HOME@/secret"', 'chmod o-w "@HOME@/secret"'))
LINKED = 'ln -s secret @HOME@/secret.link; exec "$@"'
FILES = [
    Row("S-10", s.ok(), KILLED, call=replace(TO_FILE, via=LEFT), modes=PLAIN, again=Again(TO_FILE, s.ok(), WRITTEN), why="what a killed run leaves holds no key"),
    shared("", "0666", "secret", SECRET),
    shared("-only", "0602", "secret", SECRET),
    shared("-config", "0646", "config.yaml", replace(OPEN, says=("@HOME@/config.yaml", "chmod o-w"))),
    shared("-read", "0444", "secret", answers()),
    shared("-group", "0660", "secret", answers()),
    shared("-own", "0400", "secret", answers()),
    Row("S-11-link", s.ok(), answers(), call=Call(via=LINKED, key="{file: @HOME@/secret.link}"), modes=PLAIN, why="the mode of a link means nothing; Kubernetes mounts are links"),
]  # fmt: skip

TWO = """\
profile: far
profiles:
  far: {{base_url: "{url}", key: {{env: CANARY_KEY}}, model: test-model}}
"""
LOCAL = {"MCLI_CONFIG": "@HOME@/cwd/two.yaml", "MCLI_BASE_URL": "@URL@"}


def bound(url: str) -> Call:
    """The key belongs to `url`, and the server of the row is called."""
    return Call(env=LOCAL, files={"two.yaml": TWO.format(url=url).encode()})


ABROAD = Call(env={"MCLI_BASE_URL": "https://192.0.2.1/v1"})
TRUST = {"SSL_CERT_FILE": "@CA@", "SSLKEYLOGFILE": "@HOME@/cwd/keys"}
NO_STORE = {"SSLKEYLOGFILE": "@HOME@/cwd/keys"}
CRASH = 'ulimit -c unlimited; exec "$@"'
ENVIRON = (
    r'{command: [bash, -c, "test -n \"$HOME\" && ! env | grep -q ^LINES= && cat @HOME@/secret"]}'
)
MASKS = {"CI": "true", "GITHUB_ACTIONS": "true"}
PLACES = [
    Row("S-12", s.ok(), fails(78, "no_key_for_host", 0), call=ABROAD, modes=IN_PIPE),
    Row("S-12-flag", s.ok(), fails(78, "no_key_for_host", 0), call=Call(("ask", "hi", "--base-url", "https://192.0.2.1/v1")), modes=PLAIN, again=ASKED),
    Row("S-12-local", s.ok(), KEYLESS, call=bound("https://192.0.2.1/v1"), modes=IN_PIPE, why="contract §7: this machine is called without a key"),
    Row("S-12-port", s.ok(), KEYLESS, call=bound("http://127.0.0.1:9/v1"), modes=IN_PIPE),
    Row("S-12-moved", s.redirect(308, BYSTANDER.url), fails(78, "redirected"), modes=IN_PIPE),
    Row("S-15", STALL, fails(75, "deadline"), timeout=2, modes=IN_PIPE, why="the process list is read all the while"),
    Row("S-15-command", STALL, fails(75, "deadline"), timeout=2, call=Call(key=COMMAND), modes=PLAIN),
    Row("S-15-environ", s.ok(), answers(), call=Call(key=ENVIRON), modes=PLAIN, why="a password manager has the environment it knows"),
    Row("S-15-core", STALL, dies(signal.SIGABRT), call=Call(via=CRASH), strikes=(Strike(signal.SIGABRT),), timeout=30, modes=PLAIN),
    Row("S-15-tls", s.ok("Hello"), answers("Hello"), tls="good", call=Call(env=TRUST), modes=IN_PIPE),
    Row("S-15-untrusted", s.ok(), fails(76, "tls_untrusted", None), tls="good", call=Call(env=NO_STORE), modes=PLAIN),
    Row("S-16", s.error(401, message=f"no\n::add-mask::{CANARY}\n::stop-commands::x"), fails(77, "auth", says="::add-mask::***"), call=Call(env=MASKS), modes=IN_PIPE, why="a command for the runner has to begin a line"),
    Row("S-16-quiet", s.ok(), answers(), call=Call(env=MASKS), why="mcli masks nothing itself: that would print the key"),
]  # fmt: skip

ROWS = [*SOURCES, *FLAGS, *TOLD, *FILES, *PLACES]
