"""Each form of a batch's input and output, from outside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.faults.scenes import error, ok
from tests.faults.server import FaultyServer, Pause, Reply, Seen
from tests.program import Program
from tests.test_batch import SAY, but, echo, envelopes, lines, numbers, played, said

ROWS = 'id,title,lang\nr1,Bread,German\nr2,"Salt, fine",French\n'
TRANSLATE = ("-e", "Say {{ title }} in {{ lang }}")


def backwards(seen: Seen) -> Reply:
    """As `echo`, what is asked first last."""
    last = 0.4 if said(seen).startswith("Say 0") else 0.0
    return Reply((Pause(last), *echo(seen).steps))


@pytest.fixture
def many(mcli: Program, server: FaultyServer) -> Program:
    server.play(echo)
    return mcli


class TestWhatGoesIn:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("in", "a\nb c\n"),
            ("in.jsonl", '"a"\n"b c"\n'),
            ("in.ndjson", '\n"a"\r\n"b c"'),
            ("in", "\ufeffa\r\nb c"),
        ],
    )
    def test_text_is_the_data(self, many: Program, name: str, text: str) -> None:
        (many.home / name).write_bytes(text.encode())
        done = many("batch", *SAY, name, "--text")
        assert (done.code, done.out, done.err) == (0, "a!\nb c!\n", "")

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("r.csv", ROWS),
            ("r.CSV", ROWS.replace("\n", "\r\n")),
            ("r.tsv", ROWS.replace(",", "\t").replace("\t fine", ", fine")),
            ("r.jsonl", '{"title":"Bread","lang":"German"}\n'
             '{"lang":"French","title":"Salt, fine"}\n'),
        ],
    )  # fmt: skip
    def test_fields_are_variables(self, many: Program, name: str, text: str) -> None:
        (many.home / name).write_bytes(text.encode())
        done = many("batch", *TRANSLATE, name, "--text")
        assert (done.code, done.out) == (0, "Bread in German!\nSalt, fine in French!\n")

    def test_what_stdin_holds_is_said(self, many: Program) -> None:
        tabs = many(
            "batch", "-e", "Say {{ a }}", "--from", "tsv", "--text", stdin=b"a\tb\n1,2\t3\n"
        )
        assert (tabs.code, tabs.out) == (0, "1,2!\n")

    def test_what_a_person_fixed_no_row_changes(self, many: Program) -> None:
        (many.home / "r.csv").write_text(ROWS)
        done = many("batch", *TRANSLATE, "r.csv", "-D", "lang=Dutch", "--text")
        assert done.out == "Bread in Dutch!\nSalt, fine in Dutch!\n"

    def test_a_record_that_lacks_a_variable_fails_alone(
        self, many: Program, server: FaultyServer
    ) -> None:
        text = b'{"title":"Bread","lang":"German"}\n{"title":"Salt","lang":null}\n'
        done = many("batch", *TRANSLATE, "--from", "jsonl", stdin=text)
        assert (done.code, len(server.requests)) == (3, 1)
        assert envelopes(done.out)[1]["error"]["slug"] == "bad_variables"
        assert "the first: line 2: " in done.err

    @pytest.mark.parametrize(
        ("argv", "slug", "told"),
        [
            (("-e", "{{ titel }}", "r.csv"), "bad_variables", "titel"),
            (("-e", "{{ titel }}", "r.csv"), "bad_variables", "the columns are id, title, lang"),
            (("-e", "{{ a }} {{ data }}",), "bad_variables", "a"),
            (("-e", "{{ data }}", "r.csv"), "bad_flag", "--input FIELD"),
            (("-e", "{{ data }}", "r.csv", "--input", "titel"), "bad_flag", 'did you mean "title"'),
            (("-e", "{{ data }}", "--input", "x"), "bad_flag", "--input"),
            (("-e", "{{ title }}", "r.csv", "-D", "no=1"), "bad_variables", '"no"'),
            (("translate", "-D", "tos=de"), "bad_variables", "tos"),
            (("classify", "-D", "labels=one"), "bad_labels", "two labels"),
            (("summarize", "-D", "points=many"), "bad_variables", "points"),
            (("-e", "{{ data }}", "r.csv", "r.jsonl"), "bad_flag", "several forms"),
            (("nope",), "unknown_recipe", "known: "),
            ((), "usage", "RECIPE"),
            (("-e", " "), "blank_prompt", "blank"),
        ],
    )  # fmt: skip
    def test_what_no_record_can_bring_is_2_and_nothing_is_sent(
        self, many: Program, server: FaultyServer, argv: tuple[str, ...], slug: str, told: str
    ) -> None:
        (many.home / "r.csv").write_text(ROWS)
        done = many("batch", *argv, stdin=lines("a"))
        assert (done.code, done.slug, done.out) == (2, slug, "")
        assert told in done.err
        assert len(server.requests) == 0

    def test_a_field_that_is_no_text_fails_its_record(self, many: Program) -> None:
        text = b'{"t":"a"}\n{"t":1}\n{}\n["x"]\n{\n'
        done = many("batch", *SAY, "--from", "jsonl", "--input", "t", "--text", stdin=text)
        assert (done.code, done.out) == (3, "a!\n\n\n\n\n")

    def test_nul_ends_a_record_and_an_answer(self, many: Program) -> None:
        done = many("batch", *SAY, "-0", "--text", stdin=b"a\nb\0c\0")
        assert (done.code, done.out) == (0, "a\nb!\0c!\0")

    def test_files_are_named_or_come_in_a_list(self, many: Program) -> None:
        for name in ("one", "two"):
            (many.home / f"{name} .txt").write_text(name)
        named = many("batch", *SAY, "--from", "files", "one .txt", "two .txt", "--text")
        listed = many("batch", *SAY, "--from", "files", "--text", stdin=b"one .txt\ntwo .txt\n")
        ended = many(
            "batch", *SAY, "--from", "files", "-0", "--text", stdin=b"one .txt\0two .txt\0"
        )
        assert named.out == listed.out == ended.out.replace("\0", "\n") == "one!\ntwo!\n"

    @pytest.mark.parametrize("name", ["nix", "dir", "pipe", "bad"])
    def test_a_file_that_cannot_be_read_fails_alone(self, many: Program, name: str) -> None:
        (many.home / "one").write_text("one")
        (many.home / "dir").mkdir()
        (many.home / "bad").write_bytes(b"\xff")
        many.shell("mkfifo pipe")
        done = many("batch", *SAY, "--from", "files", name, "one", "--text")
        assert (done.code, done.out) == (3, "\none!\n")
        assert f"the first: {name}" in done.err

    def test_what_is_wrong_with_an_input_is_found_before_anything_is_sent(
        self, many: Program, server: FaultyServer
    ) -> None:
        (many.home / "a.csv").write_text("t\n1\n")
        (many.home / "b.csv").write_text("u\n1\n")
        (many.home / "c.csv").write_text("t,t\n1,2\n")
        for argv, code in ((("a.csv", "b.csv"), 65), (("c.csv",), 65), (("a.csv", "nix.csv"), 66)):
            done = many("batch", "-e", "{{ t }}", *argv, "--text")
            assert (done.code, done.out) == (code, ""), argv
        assert len(server.requests) == 0

    def test_an_id_of_two_contents_is_65_with_both_lines_or_fails_in_a_pipe(
        self, many: Program, server: FaultyServer
    ) -> None:
        text = '{"id":"a","title":"x"}\n\n{"id":"a","title":"y"}\n'
        (many.home / "r.jsonl").write_text(text)
        command = ("batch", "-e", "Say {{ title }}", "--text", "--from", "jsonl")
        done = many(*command, "r.jsonl")
        assert (done.code, done.slug, len(server.requests)) == (65, "same_id", 0)
        assert "r.jsonl:3: " in done.err
        assert "r.jsonl:1, " in done.err

        piped = many(*command, stdin=text.encode())
        assert (piped.code, piped.out) == (3, "x!\n\n")

    @pytest.mark.parametrize("redirect", ["<&-", "< /dev/null", "< empty", "empty", "empty empty"])
    @pytest.mark.sweep
    def test_no_records_are_no_failure(
        self, many: Program, server: FaultyServer, redirect: str
    ) -> None:
        (many.home / "empty").touch()
        done = many.shell(f"mcli batch -e 'Say {{{{ data }}}}' {redirect}")
        assert (done.code, done.out, done.err, len(server.requests)) == (0, "", "", 0)

    def test_stdin_is_read_for_one_thing(self, many: Program, server: FaultyServer) -> None:
        command = ("batch", "translate", "--var-file", "to=-", "--text")
        done = many(*command, stdin=lines("German"))
        assert (done.code, done.slug, len(server.requests)) == (2, "stdin_twice", 0)

        (many.home / "in").write_text("Hi\n")
        assert many(*command, "in", stdin=b"German").code == 0
        assert "German" in str(server.requests[0].body)

    def test_the_first_n_of_an_endless_pipe(self, many: Program, server: FaultyServer) -> None:
        done = many.shell("yes | mcli batch -e 'Say {{ data }}' --text --limit 3")
        assert (done.code, done.out, len(server.requests)) == (0, "y!\n" * 3, 3)


class TestWhatComesOut:
    def test_a_row_comes_back_with_its_answer(self, many: Program, server: FaultyServer) -> None:
        server.play(backwards)
        text = 'n,t\r\n0,Say\r\n1,"a, ""b"""\r\nodd\r\n2,=x\r\n'
        (many.home / "r.csv").write_bytes(text.encode())
        done = many("batch", "-e", "Say {{ n }}", "r.csv", "--into", "x")
        assert done.code == 3
        assert done.stdout.decode() == (
            "n,t,x,x_error\r\n"
            "0,Say,0!,\r\n"
            '1,"a, ""b""",1!,\r\n'
            'odd,,,"bad_record: r.csv:4: 1 cells, and the header has 2"\r\n'
            "2,=x,2!,\r\n"
        )

    def test_a_json_row_changes_by_its_answer_alone(self, many: Program) -> None:
        text = '{"b": 1.10,"a":"x", "r_error": "old"}\n{"b":2}\n'
        done = many(
            "batch", "-e", "Say {{ a }}", "--from", "jsonl", "--into", "r", stdin=text.encode()
        )
        first, second = done.out.splitlines()
        assert first == '{"b": 1.10, "a":"x", "r": "x!"}'
        told = json.loads(second)
        assert (told["b"], told["r"]) == (2, None)
        assert told["r_error"].startswith("bad_variables: ")

    def test_a_line_or_a_path_goes_with_its_answer(self, many: Program) -> None:
        (many.home / "f").write_text("x")
        lined = many("batch", *SAY, "--into", "r", stdin=lines("a"))
        filed = many("batch", *SAY, "--from", "files", "f", "--into", "r")
        assert [*envelopes(lined.out), *envelopes(filed.out)] == [
            {"input": "a", "r": "a!"}, {"path": "f", "r": "x!"},
        ]  # fmt: skip

    def test_the_keys_of_an_answer_are_fields(self, many: Program, server: FaultyServer) -> None:
        recipe = many.home / "rate.yaml"
        recipe.write_text(
            "inputs: {t: {type: string}}\ndata: none\nmessages: [{user: 'Rate {{ t }}'}]\n"
            "output: {kind: json, schema: {type: object, properties: {stars: {type: integer}, "
            "why: {type: string}}, required: [stars]}}\n"
        )
        (many.home / "r.csv").write_text("t,why\nbook,mine\nfilm,\n")
        bad = ok('{"stars": "many"}')
        server.play([ok('{"stars": 3, "why": "dull"}'), bad, ok('{"stars": 5}')])
        done = many("batch", "./rate.yaml", "r.csv", "--into-fields", "-j", "1")
        assert (done.code, done.out) == (0, "t,stars,why,error\nbook,3,dull,\nfilm,5,,\n")
        assert len(server.requests) == 3

        server.play([bad, bad, ok('{"stars": 1, "why": null}'), ok('{"stars": 4}')])
        failed = many("batch", "./rate.yaml", "r.csv", "--into-fields", "-j", "1")
        assert failed.code == 3
        assert failed.out.splitlines()[1].startswith("book,,,")
        assert "schema_mismatch" in failed.out.splitlines()[1]

    def test_fields_are_of_an_object(self, many: Program) -> None:
        done = many("batch", *SAY, "--into-fields", stdin=lines("a"))
        assert (done.code, done.slug) == (2, "bad_flag")

    def test_paste_aligns(self, many: Program, server: FaultyServer) -> None:
        answers = {"a": "one\ntwo", "b": "\r\nx\u2028y\x85z\n\n", "c": "t\tab"}
        server.play(lambda seen: played(ok(answers[said(seen)[4:]]), seen))
        (many.home / "in").write_bytes(b"a\n\nb\n  \nc\n")
        done = many.shell("mcli batch -e 'Say {{ data }}' in --text | paste - in")
        assert done.out == "one two\ta\n\t\nx y z\tb\n\t  \nt\tab\tc\n"

    def test_nobody_waits_for_a_slow_one(self, many: Program, server: FaultyServer) -> None:
        server.play(backwards)
        done = many("batch", *SAY, "--text", "--unordered", stdin=numbers(8))
        told = done.out.splitlines()
        assert told[-1] == "0!"
        assert sorted(told) == [f"{n}!" for n in range(8)]

    def test_every_record_has_a_file(self, many: Program) -> None:
        (many.home / "d" / "e").mkdir(parents=True)
        for name in ("d/a.txt", "d/e/a.txt", "d/bare"):
            (many.home / name).write_text(name)
        done = many(
            "batch", *SAY, "--from", "files", "d/a.txt", "d/e/a.txt", "d/bare",
            "--output-each", "{dir}/{stem}.de{ext}",
        )  # fmt: skip
        assert (done.code, done.out, done.err) == (0, "", "")
        for name in ("d/a.de.txt", "d/e/a.de.txt", "d/bare.de"):
            source = name.replace(".de", "")
            assert (many.home / name).read_text() == f"{source}!\n"

    def test_only_who_has_no_file_is_printed(self, many: Program, server: FaultyServer) -> None:
        server.play(but("b", error(400, message="no")))
        done = many("batch", *SAY, "--output-each", "{n}.txt", stdin=lines("a", "b"))
        assert done.code == 3
        assert [(each["n"], each["error"]["slug"]) for each in envelopes(done.out)] == [
            (2, "bad_request")
        ]
        assert not (many.home / "2.txt").exists()

    @pytest.mark.parametrize("id", ["../x", "/etc/x", "..", ".hidden", "-rf", "a\\b", "x\n", ""])
    def test_a_name_leads_nowhere_else(self, many: Program, server: FaultyServer, id: str) -> None:
        (many.home / "out").mkdir()
        text = json.dumps({"id": id, "t": "a"}).encode()
        done = many(
            "batch", "-e", "{{ t }}", "--from", "jsonl", "--output-each", "out/{id}", stdin=text
        )
        assert (done.code, len(server.requests)) == (3, 0)
        assert envelopes(done.out)[0]["error"]["slug"] == "unsafe_name"
        assert list((many.home / "out").iterdir()) == []

    def test_two_records_have_two_files(self, many: Program, server: FaultyServer) -> None:
        (many.home / "x1").write_text("one")
        (many.home / "y1").write_text("two")
        asked = ("batch", *SAY, "--from", "files")
        same = many(*asked, "x1", "y1", "--output-each", "same{ext}")
        itself = many(*asked, "x1", "--output-each", "./{name}")
        assert [envelopes(each.out)[0]["error"]["slug"] for each in (same, itself)] == [
            "same_target"
        ] * 2
        assert len(server.requests) == 1
        assert (many.home / "x1").read_text() == "one"

    @pytest.mark.parametrize(
        ("argv", "code", "slug"),
        [
            (("--output-each", "nix/{n}"), 73, "no_directory"),
            (("--output-each", "same"), 2, "bad_flag"),
            (("--output-each", "{x}"), 2, "bad_flag"),
            (("--output-each", "{stem}"), 2, "bad_flag"),
            (("--text", "--into", "x"), 2, "bad_flag"),
            (("--text", "--json"), 2, "bad_flag"),
            (("--into", ""), 2, "bad_flag"),
            (("--journal", ""), 2, "bad_flag"),
            (("--journal", "dir"), 73, "is_directory"),
            (("--journal", "nix/j"), 73, "no_directory"),
            (("--journal", "/dev/full"), 73, "cannot_create"),
            (("--journal", "text"), 65, "bad_journal"),
            (("--journal", "j", "-o", "j"), 2, "bad_flag"),
            (("-o", "in"), 2, "bad_flag"),
            (("-o", "./in"), 2, "bad_flag"),
            (("-o", "link"), 2, "bad_flag"),
            (("--journal", "dir/../in"), 2, "bad_flag"),
            (("-o", "dir"), 73, "is_directory"),
            (("-o", "text", "--no-clobber"), 73, "exists"),
            (("--new",), 2, "bad_flag"),
            (("--retry-failed",), 2, "bad_flag"),
            (("--to", "openai-batch"), 2, "bad_flag"),
            (("--limit", "-1"), 2, "usage"),
            (("-j", "0"), 2, "usage"),
            (("--halt", "0"), 2, "usage"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_meant_is_refused_and_nothing_is_touched(
        self, many: Program, server: FaultyServer, argv: tuple[str, ...], code: int, slug: str
    ) -> None:
        (many.home / "in").write_text("a\n")
        (many.home / "text").write_text("words\n")
        (many.home / "link").symlink_to("in")
        (many.home / "dir").mkdir()
        done = many("batch", *SAY, "in", *argv)
        assert (done.code, done.slug) == (code, slug)
        assert done.err.count("\n") == 1
        assert len(server.requests) == 0
        assert (many.home / "in").read_text() == "a\n"
        assert (many.home / "text").read_text() == "words\n"

    def test_stdin_is_not_written_over_either(self, many: Program, server: FaultyServer) -> None:
        (many.home / "in").write_text("a\n")
        done = many.shell("mcli batch -e 'Say {{ data }}' -o in < in")
        assert (done.code, done.slug, len(server.requests)) == (2, "bad_flag", 0)

    def test_no_answer_is_replaced(self, many: Program, server: FaultyServer) -> None:
        (many.home / "1.txt").write_text("old\n")
        done = many(
            "batch", *SAY, "--output-each", "{n}.txt", "--no-clobber", stdin=lines("a", "b")
        )
        assert (done.code, len(server.requests)) == (3, 1)
        assert (many.home / "1.txt").read_text() == "old\n"
        assert (many.home / "2.txt").read_text() == "b!\n"

    def test_what_an_earlier_run_wrote_is_no_failure(
        self, many: Program, server: FaultyServer
    ) -> None:
        command = ("batch", *SAY, "--output-each", "{n}.txt", "--no-clobber", "--journal", "j")
        (many.home / "3.txt").write_text("old\n")
        server.play(but("b", error(503)))
        first = many(*command, "--retries", "0", stdin=lines("a", "b", "c"))
        assert first.code == 75
        (many.home / "1.txt").write_text("mine\n")
        server.play(echo)
        again = many(*command, stdin=lines("a", "b", "c"))
        assert [(each["n"], each["error"]["slug"]) for each in envelopes(again.out)] == [
            (3, "exists")
        ]
        assert [(many.home / f"{n}.txt").read_text() for n in (1, 2, 3)] == [
            "mine\n", "b!\n", "old\n",
        ]  # fmt: skip
        assert list(map(said, server.requests)) == ["Say b"]

    def test_quiet_prints_nothing_and_keeps_everything(
        self, many: Program, server: FaultyServer
    ) -> None:
        server.play(but("b", error(400, message="no")))
        done = many("batch", *SAY, "-q", "--journal", "j", stdin=lines("a", "b"))
        assert (done.code, done.out, done.err.count("\n")) == (3, "", 1)
        server.play(echo)
        again = many("batch", *SAY, "--text", "--journal", "j", stdin=lines("a", "b"))
        assert (again.code, again.out, len(server.requests)) == (3, "a!\n\n", 0)

    def test_verbose_is_one_line_at_the_end(self, many: Program) -> None:
        done = many("batch", *SAY, "-v", "--text", stdin=lines("a", "b"))
        assert done.out == "a!\nb!\n"
        assert done.err.startswith("mcli: 2 done, 0 failed, 0 in flight, ")
        assert done.err.count("\n") == 1

    def test_json_ends_with_the_envelope_of_a_run_that_failed(
        self, many: Program, server: FaultyServer
    ) -> None:
        server.play(but("b", error(400, message="no")))
        done = many("batch", *SAY, "--json", stdin=lines("a", "b"))
        told = envelopes(done.out)
        assert [each.get("n") for each in told] == [1, 2, None]
        assert told[2]["error"]["slug"] == "batch_partial"
        assert many("batch", *SAY, "--json", stdin=lines("a")).out.count("\n") == 1

    @pytest.mark.parametrize("more", [(), ("--text",), ("--into", "r"), ("-o", "out")])
    def test_the_failure_line_says_why(
        self, many: Program, server: FaultyServer, more: tuple[str, ...]
    ) -> None:
        server.play(but("b", error(400, message="that word is not allowed")))
        done = many("batch", *SAY, *more, stdin=lines("a", "b"))
        assert done.code == 3
        assert "1 of 2 records failed; the first: line 2: " in done.err
        assert "that word is not allowed" in done.err


class TestRehearsed:
    def test_a_dry_run_is_a_request_a_line(self, many: Program, server: FaultyServer) -> None:
        done = many("batch", *SAY, "--dry-run", stdin=lines("a", "", "b"))
        told = envelopes(done.out)
        assert (done.code, len(server.requests)) == (0, 0)
        assert [each["body"]["messages"][0]["content"] for each in told] == ["Say a", "Say b"]
        assert all(each["url"].endswith("/chat/completions") for each in told)

    def test_a_dry_run_tells_what_cannot_be_asked(self, many: Program) -> None:
        done = many("batch", *SAY, "--from", "jsonl", "--dry-run", stdin=b'"a"\n{\n"b"\n')
        assert (done.code, done.slug, len(done.out.splitlines())) == (3, "batch_partial", 2)
        assert "line 2: " in done.err
        assert many("batch", "-e", "{{ x }}", "--dry-run", stdin=b"a\n").code == 2

    def test_what_goes_to_an_endpoint_comes_back_the_same(
        self, many: Program, server: FaultyServer
    ) -> None:
        (many.home / "weather.yaml").write_text(
            "inputs: {city: {type: string}}\ndata: none\nmessages: [{user: 'Rain: {{ city }}'}]\n"
            "tools: [{name: weather, parameters: {city: string}}]\n"
        )
        (many.home / "r.csv").write_text("id,city\nx7,Rome\nx8,Oslo\n")
        command = ("batch", "./weather.yaml", "r.csv")
        told = many(*command, "--dry-run", "--to", "openai-batch", "-m", "some", "-t", "0.5")
        (many.home / "b.jsonl").write_text(told.out)
        asked = envelopes(told.out)
        assert [each["custom_id"] for each in asked] == ["x7", "x8"]
        assert {each["url"] for each in asked} == {"/v1/chat/completions"}
        assert not {"stream", "stream_options"} & set(asked[0]["body"])

        call = {
            "id": "c1",
            "type": "function",
            "function": {"name": "weather", "arguments": '{"city":"Rome"}'},
        }
        server.play(lambda seen: called(call, seen))
        back = many("batch", "--from", "openai-batch", "b.jsonl", "-j", "1")
        assert back.code == 0
        assert [each["id"] for each in envelopes(back.out)] == ["x7", "x8"]
        assert envelopes(back.out)[0]["data"]["tool_calls"] == [call]
        for seen, line in zip(server.requests, asked, strict=True):
            body: dict[str, Any] = dict(seen.body)
            assert {name: body[name] for name in line["body"]} == line["body"]

    @pytest.mark.parametrize("more", [("-m", "x"), ("-D", "a=b"), ("-s", "Hi"), ("-t", "1")])
    def test_a_whole_request_takes_no_more(self, many: Program, more: tuple[str, ...]) -> None:
        done = many("batch", "--from", "openai-batch", *more, stdin=b"")
        assert (done.code, done.slug) == (2, "bad_flag")

    def test_a_line_that_is_no_request_fails_alone(self, many: Program) -> None:
        body = {"model": "m", "messages": [{"role": "user", "content": "Say a"}]}
        post = {"method": "POST", "url": "/v1/chat/completions"}
        good = {"custom_id": "a", **post, "body": body}
        wrong = [
            {**good, "url": "/v1/embeddings"},
            {**good, "custom_id": 1},
            {**good, "body": {}},
            [],
        ]
        text = "".join(json.dumps(each) + "\n" for each in (*wrong, good)).encode()
        done = many("batch", "--from", "openai-batch", "--text", stdin=text)
        assert (done.code, done.out) == (3, "\n\n\n\na!\n")


def called(call: Any, seen: Seen) -> Reply:
    from tests.faults.scenes import as_json, completion

    return as_json(completion(None, "tool_calls", tool_calls=[call]))


class TestRecipes:
    def test_a_document_of_any_length_is_one_record(
        self, many: Program, server: FaultyServer
    ) -> None:
        (many.home / "long.txt").write_text("A sentence of the long one. " * 400)
        (many.home / "short.txt").write_text("Short.")
        server.play(lambda seen: played(ok("Sum."), seen))
        done = many(
            "batch", "summarize", "--from", "files", "long.txt", "short.txt", "--text",
            "-D", "points=1", "--param", "max_tokens=20",
        )  # fmt: skip
        assert (done.code, done.out) == (0, "Sum.\nSum.\n")

    def test_parts_of_a_document(self, many: Program, server: FaultyServer) -> None:
        many.configure(
            f"profile: test\nprofiles:\n  test:\n    base_url: {server.base_url}\n"
            "    model: tiny\n    key: {env: TEST_KEY}\n"
            "models: {tiny: {window: 1500, max_output: 100}}\n"
        )
        (many.home / "long.txt").write_text("A sentence of the long one. " * 400)
        (many.home / "short.txt").write_text("Short.")
        server.play(lambda seen: played(ok("Sum."), seen))
        done = many(
            "batch", "summarize", "--from", "files", "long.txt", "short.txt", "--text",
            "--journal", "j",
        )  # fmt: skip
        assert (done.code, done.out) == (0, "Sum.\nSum.\n")
        assert len(server.requests) > 3
        asked = len(server.requests)
        again = many(
            "batch", "summarize", "--from", "files", "long.txt", "short.txt", "--text",
            "--journal", "j",
        )  # fmt: skip
        assert (again.out, len(server.requests)) == (done.out, asked)

    def test_another_model_answers_where_one_is_busy(
        self, many: Program, server: FaultyServer
    ) -> None:
        server.play(lambda seen: error(503) if seen.body["model"] == "gpt-4" else echo(seen))
        done = many(
            "batch", *SAY, "-m", "gpt-4", "--fallback", "gpt-4o", "--retries", "0", "--text",
            stdin=lines("a", "b"),
        )  # fmt: skip
        assert (done.code, done.out) == (0, "a!\nb!\n")

    def test_the_cache_answers(self, many: Program, server: FaultyServer) -> None:
        command = ("batch", *SAY, "--cache", "1h")
        many(*command, stdin=lines("a", "b"))
        done = many(*command, stdin=lines("b", "c", "a"))
        assert [each["cached"] for each in envelopes(done.out)] == [True, False, True]
        assert len(server.requests) == 3

    def test_a_replayed_batch_prints_the_same(self, many: Program, server: FaultyServer) -> None:
        server.play(but("b", error(400, message="no")))
        command = ("batch", *SAY, "--into", "r")
        taped = many(*command, "--record", "tape", stdin=lines("a", "b", "c", "a"))
        asked = len(server.requests)
        replayed = many(*command, "--replay", "tape", stdin=lines("a", "b", "c", "a"))
        assert (taped.code, replayed.code) == (3, 3)
        assert (replayed.out, len(server.requests)) == (taped.out, asked)
        missed = many(*command, "--replay", "tape", "--text", stdin=lines("x"))
        assert missed.code != 0

    @pytest.mark.parametrize("most", [1, 3, 8])
    def test_what_is_below_a_cap_is_sent(
        self, many: Program, server: FaultyServer, most: int
    ) -> None:
        done = many("batch", *SAY, "--max-requests", str(most), "--text", stdin=numbers(20))
        assert (done.code, done.slug) == (77, "max_requests")
        assert done.out == "".join(f"{n}!\n" for n in range(most))
        assert f"the batch stopped after {most} records" in done.err
