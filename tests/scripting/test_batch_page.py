"""The examples of `mcli help batch`: against the sandbox, then replayed without it."""

from __future__ import annotations

import json
import shlex

import pytest

from mcli import manual
from tests.faults.scenes import ok
from tests.faults.server import FaultyServer
from tests.program import Program, Result
from tests.scripting.page import BUSY, by_text, fences, instead, need

pytestmark = pytest.mark.sweep

PAGE = manual.page("batch")
FENCES = fences("## Top\n" + PAGE.partition("\n")[2])
FIRST, TABLE = (FENCES["Top", number][1] for number in range(2))
FAILED, FILES = (FENCES["What is printed", number][1] for number in range(2))
RESUMED, ANSWERS, RESCUE = (FENCES["The journal", number][1] for number in range(3))
LINES, BY_HAND, BACK = (FENCES["A provider's batch endpoint", number][1] for number in range(3))
USED = 10


def set_out(desk: Program) -> None:
    """The files that the page speaks of."""
    for name, text in {
        "mails.txt": "Win a prize!\nLunch at noon?\n",
        "mails.jsonl": '{"text": "It crashed."}\n{"body": "x"}\n',
        "rows.csv": "title,lang\nBread,German\nSalt,French\n",
        "docs/a/one.txt": "One.\n",
        "docs/two.txt": "Two.\n",
    }.items():
        path = desk.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def twice(desk: Program, script: str, server: FaultyServer) -> tuple[Result, Result]:
    """Run it against the sandbox, recorded, and again by replay; nobody else is asked."""
    set_out(desk)
    (desk.home / "script").write_text(script)
    tape = str(desk.home / "tape.jsonl")
    model = {"MCLI_MODEL": "sandbox"}
    recorded = desk.shell("mcli sandbox -- bash script", MCLI_RECORD=tape, **model)
    server.close()
    replayed = desk.shell("rm -f *.journal; bash script", MCLI_REPLAY=tape, **model)
    return recorded, replayed


def held(done: tuple[Result, Result]) -> Result:
    """The one result of both, without failures."""
    recorded, replayed = done
    assert [(each.code, each.err) for each in done] == [(0, "")] * 2
    assert recorded.stdout == replayed.stdout
    return recorded


def test_a_label_a_line_stands_beside_its_mail(desk: Program, server: FaultyServer) -> None:
    rows = [row.split("\t") for row in held(twice(desk, FIRST, server)).out.splitlines()]

    assert [row[1] for row in rows] == ["Win a prize!", "Lunch at noon?"]
    assert {row[0] for row in rows} <= {"spam", "ham"}


def test_a_table_has_one_more_column(desk: Program, server: FaultyServer) -> None:
    held(twice(desk, TABLE, server))
    told = (desk.home / "out.csv").read_text().splitlines()

    assert told[0] == "title,lang,german,german_error"
    assert [line.partition(",")[0] for line in told[1:]] == ["Bread", "Salt"]


def test_what_failed_is_named(desk: Program, server: FaultyServer) -> None:
    need("jq")
    recorded, replayed = twice(desk, FAILED, server)

    assert recorded.out == '2\tbad_record\tmails.jsonl:2: there is no field "text"\n'
    assert (recorded.code, replayed.code, replayed.out) == (0, 0, recorded.out)
    assert recorded.slug == "batch_partial"


def test_each_file_has_one_beside_it(desk: Program, server: FaultyServer) -> None:
    assert held(twice(desk, FILES, server)).out == ""
    assert "One." in (desk.home / "docs/a/one.de.txt").read_text()
    assert "Two." in (desk.home / "docs/two.de.txt").read_text()


def test_it_goes_on_until_all_is_there(desk: Program, server: FaultyServer) -> None:
    set_out(desk)
    instead(desk, "sleep", "echo slept")
    server.play([BUSY, *[ok("Brot")] * 2])
    done = desk.shell(RESUMED)

    assert (done.code, done.out) == (0, "slept\n")
    assert len(server.requests) == 3
    assert (desk.home / "out.csv").read_text().count("Brot") == 2


def test_answers_are_got_out_of_a_journal(desk: Program, server: FaultyServer) -> None:
    need("jq")
    set_out(desk)
    server.play(by_text({"Bread": ok("Brot\nlaib"), "Salt": ok("sel")}, ok("none")))
    desk.shell(TABLE)
    done = desk.shell(ANSWERS)

    assert sorted(done.out.splitlines()) == ["Brot", "laib", "sel"]


def test_a_damaged_line_is_taken_out_and_its_record_asked_again(
    desk: Program, server: FaultyServer
) -> None:
    set_out(desk)
    server.play(by_text({"Bread": ok("Brot"), "Salt": ok("sel")}, ok("none")))
    desk.shell(TABLE)
    path, whole = desk.home / "out.csv.journal", (desk.home / "out.csv").read_bytes()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"x" + lines[2], *lines[3:]]))
    damaged = desk.shell(TABLE)
    assert (damaged.code, damaged.slug) == (65, "bad_journal")
    assert "out.csv.journal:3 " in damaged.err

    desk.shell(RESCUE)
    assert desk.shell(TABLE).code == 0
    assert (desk.home / "out.csv").read_bytes() == whole


def test_the_lines_go_to_an_endpoint_by_hand_or_come_back(
    desk: Program, server: FaultyServer
) -> None:
    need("jq")
    result = {
        "custom_id": "1",
        "response": {"body": {"choices": [{"message": {"content": "Brot"}}]}},
    }
    replies = {
        "files": {"id": "file-1"}, "batches": {"id": "b-1"},
        "batches/b-1": {"status": "completed", "output_file_id": "file-2"},
        "files/file-2/content": result,
    }  # fmt: skip
    cases = "".join(
        f"*/v1/{path}) echo {shlex.quote(json.dumps(reply))} ;;\n"
        for path, reply in replies.items()
    )
    instead(
        desk,
        "curl",
        f'cat >> head\nwhile [ "$1" != -H ]; do shift; done\ncase "$3" in\n{cases}esac',
    )
    instead(desk, "sleep", "exit 1")
    recorded, replayed = twice(desk, LINES + BY_HAND, server)

    asked = [json.loads(line) for line in (desk.home / "requests.jsonl").read_text().splitlines()]
    assert [line["custom_id"] for line in asked] == ["1", "2"]
    assert [line["body"]["model"] for line in asked] == ["gpt-4o-mini"] * 2
    assert [(each.code, each.out) for each in (recorded, replayed)] == [(0, "1\tBrot\n")] * 2


def test_requests_are_an_input_too(desk: Program, server: FaultyServer) -> None:
    assert "Bread" in held(twice(desk, LINES + BACK, server)).out


def test_every_example_is_run() -> None:
    assert len(FENCES) == USED
    assert all(kind == "sh" for kind, _ in FENCES.values())
