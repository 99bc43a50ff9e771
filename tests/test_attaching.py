"""Images, PDF and sound in a request, from outside and by table."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcli import media
from mcli.chat import Message
from mcli.tokens import attachments, chat_format, images
from tests.faults.scenes import ok
from tests.faults.server import FaultyServer
from tests.program import Program

PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (64).to_bytes(4) + (32).to_bytes(4) + b"\x08\x02" + b"\0" * 9
)
GIF = b"GIF89a\x40\x00\x20\x00\x80\x00\x00;"
JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x20\x00\x40\x03" + b"\0" * 9
WEBP = b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x3f\0\0\x1f\0\0" + b"\0" * 8
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
WAV = b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 24
MP3 = b"\xff\xfb\x90\x64" + b"\0" * 100
KINDS = {"image/png": PNG, "image/gif": GIF, "image/jpeg": JPEG, "image/webp": WEBP}


def url(kind: str, raw: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(raw).decode()}"


def picture(address: str, **more: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": address, **more}}


@pytest.fixture
def seeing(mcli: Program, server: FaultyServer) -> Program:
    server.play(ok("A cat."))
    (mcli.home / "a.png").write_bytes(PNG)
    (mcli.home / "doc.pdf").write_bytes(PDF)
    (mcli.home / "note.txt").write_text("a note")
    return mcli


def content(server: FaultyServer) -> Any:
    return server.requests[-1].body["messages"][-1]["content"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_is_told_by_its_content(seeing: Program, server: FaultyServer, kind: str) -> None:
    (seeing.home / "wrong.txt").write_bytes(KINDS[kind])
    told = seeing("ask", "What is this?", "--image", "wrong.txt")

    assert told.out == "A cat.\n"
    text = {"type": "text", "text": "What is this?"}
    assert content(server) == [text, picture(url(kind, KINDS[kind]))]


def test_several_keep_their_order_and_detail_is_sent_when_it_is_given(
    seeing: Program, server: FaultyServer
) -> None:
    address = "https://example.com/a.png?size=1"
    more = ("--image", address, "--attach", "doc.pdf", "--image", "a.png")
    seeing("ask", "Compare.", *more, "--image-detail", "low")

    file = {"filename": "doc.pdf", "file_data": url("application/pdf", PDF)}
    assert content(server)[1:] == [
        picture(address, detail="low"),
        picture(url("image/png", PNG), detail="low"),
        {"type": "file", "file": file},
    ]


@pytest.mark.parametrize(("raw", "form"), [(WAV, "wav"), (MP3, "mp3"), (b"ID3\x04" + MP3, "mp3")])
def test_sound_is_sent_as_the_api_has_it(
    seeing: Program, server: FaultyServer, raw: bytes, form: str
) -> None:
    (seeing.home / "sound").write_bytes(raw)
    seeing("ask", "Who speaks?", "--attach", "sound")

    sound = {"data": base64.b64encode(raw).decode(), "format": form}
    assert content(server)[1:] == [{"type": "input_audio", "input_audio": sound}]


def test_an_image_from_stdin(seeing: Program, server: FaultyServer) -> None:
    seeing("ask", "What is this?", "--image", "-", stdin=PNG)
    assert content(server)[1:] == [picture(url("image/png", PNG))]


def test_an_image_alone_is_enough(seeing: Program, server: FaultyServer) -> None:
    assert seeing("ask", "--image", "a.png").code == 0
    assert content(server) == [picture(url("image/png", PNG))]
    labels = seeing("classify", "-l", "a cat,a dog", "--image", "a.png", stdin=b"not this")
    assert (labels.code, labels.out) == (0, "a cat\n")
    assert "not this" not in json.dumps(server.requests[-1].body)


def test_beside_an_image_only_a_named_stdin_is_data(seeing: Program, server: FaultyServer) -> None:
    seeing("ask", "Look.", "--image", "a.png", stdin=b"the loop's list")
    assert "the loop's" not in json.dumps(server.requests[-1].body)
    seeing("ask", "Look.", "--image", "a.png", "-f", "-", stdin=b"named")
    assert "named" in json.dumps(content(server))


def test_what_is_attached_goes_to_the_last_message_of_the_user(
    seeing: Program, server: FaultyServer
) -> None:
    turns = "messages: [{user: a}, {assistant: b}, {user: 'c {{ data }}'}, {assistant: d}]\n"
    (seeing.home / "r.yaml").write_text(turns)
    seeing("run", "./r.yaml", "--image", "a.png")

    contents = [message["content"] for message in server.requests[-1].body["messages"]]
    assert [isinstance(said, list) for said in contents] == [False, False, True, False]


REFUSED = [
    (("--image", "doc.pdf"), 65, "bad_image", "doc.pdf: a PDF, not an image"),
    (("--image", "doc.pdf"), 65, "bad_image", "--attach takes it"),
    (("--image", "note.txt"), 65, "bad_image", "note.txt: text, not an image"),
    (("--attach", "note.txt"), 65, "bad_image", "-f takes text"),
    (("--image", "cut.png"), 65, "bad_image", "cut or damaged"),
    (("--image", "x.svg"), 65, "bad_image", "x.svg: an SVG image"),
    (("--image", "a.png", "--max-input", "20"), 65, "too_much_input", "a.png: more than"),
    (("--image", "a.png", "--attach", "a.png", "--max-input", "50"), 65, "too_much_input", ""),
    (("--image", "none.png"), 66, "unreadable", "none.png"),
    (("--image", "."), 66, "unreadable", "directory"),
    (("--image", "empty"), 66, "empty_input", "empty"),
    (("--image", "-"), 66, "empty_input", "stdin"),
    (("--image", "ftp://host/a.png"), 2, "bad_flag", '"ftp:"'),
    (("--image", "file:///a.png"), 2, "bad_flag", "give the path"),
    (("--image", "data:image/png;base64,AAAA"), 2, "bad_flag", '"data:"'),
    (("--image", "https://user:pw@host/a.png"), 2, "bad_flag", "password"),
    (("--image", "https:///a.png"), 2, "bad_flag", "no address"),
    (("--image", "https://host/a b"), 2, "bad_flag", "no address"),
    (("--attach", "https://host/a.pdf"), 2, "bad_flag", "takes a file"),
    (("--image-detail", "low"), 2, "bad_flag", "--image-detail belongs to"),
    (("--image", "-", "-f", "-"), 2, "stdin_twice", ""),
    (("--image", "-", "--attach", "-"), 2, "stdin_twice", ""),
]


@pytest.mark.sweep
@pytest.mark.parametrize(("flags", "code", "slug", "says"), REFUSED)
def test_what_cannot_be_sent_is_refused_before_it_is(
    seeing: Program, server: FaultyServer, flags: tuple[str, ...], code: int, slug: str, says: str
) -> None:
    (seeing.home / "cut.png").write_bytes(PNG[:20])
    (seeing.home / "x.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (seeing.home / "empty").touch()
    told = seeing("ask", "Look.", *flags)

    assert (told.code, told.slug) == (code, slug)
    assert says in told.err
    assert "pw" not in told.err
    assert server.requests == []


def test_a_recipe_that_takes_no_data_takes_no_image(seeing: Program) -> None:
    (seeing.home / "r.yaml").write_text("data: none\nmessages: [{user: Tell a joke.}]\n")
    told = seeing("run", "./r.yaml", "--image", "a.png")
    assert (told.code, told.slug) == (2, "unexpected_data")


ALT = """
inputs: {photo: {type: image, required: true}, other: {type: image}}
data: none
messages:
  - system: You see a photo.
  - user:
      - Describe it.
      - In a sentence.
      - image: "{{ photo }}"
      - image: "{{other}}"
"""


class TestRecipes:
    def test_an_input_is_an_image_in_its_message(
        self, seeing: Program, server: FaultyServer
    ) -> None:
        (seeing.home / "alt.yaml").write_text(ALT)
        for flags in (("-D", "photo=a.png"), ("--var-file", "photo=a.png")):
            seeing("run", "./alt.yaml", *flags)
            text = {"type": "text", "text": "Describe it.\n\nIn a sentence."}
            assert content(server) == [text, picture(url("image/png", PNG))]
        seeing("run", "./alt.yaml", "-D", "photo=-", "-D", "other=https://h/x", stdin=GIF)
        assert content(server)[1:] == [picture(url("image/gif", GIF)), picture("https://h/x")]

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ("Describe it.", "Describe {{ photo }}.", '"photo" is an image, which is no text'),
            ("type: image, required", "type: file, required", "stands as an image, and is of type"),
            ('"{{ photo }}"', "a.png", "expected the name of an input"),
            ('"{{ photo }}"', "https://h/x", "expected the name of an input"),
            ('"{{ photo }}"', '"{{ fhoto }}"', '"fhoto" is used but not declared'),
            ('- image: "{{other}}"', "- And?", "stand before its images"),
            ('- image: "{{other}}"', "- picture: x", 'unknown key "picture"'),
            ("system: You see a photo.", 'system: [{image: "{{ photo }}"}]', "only a message of"),
            (
                "other: {type: image}",
                "other: {type: image, default: a.png}",
                "cannot have a default",
            ),
        ],
    )
    def test_a_mistake_is_found_where_it_stands(
        self, seeing: Program, old: str, new: str, says: str
    ) -> None:
        assert old in ALT
        (seeing.home / "alt.yaml").write_text(ALT.replace(old, new))
        told = seeing("run", "./alt.yaml", "-D", "photo=a.png", "-D", "other=a.png")
        assert (told.code, told.slug) == (78, "bad_document")
        assert says in told.err

    def test_without_inputs_an_image_is_one(self, seeing: Program, server: FaultyServer) -> None:
        (seeing.home / "r.yaml").write_text(
            'data: none\nmessages: [{user: [Look., {image: "{{ it }}"}]}]\n'
        )
        assert seeing("run", "./r.yaml").slug == "bad_variables"
        assert seeing("run", "./r.yaml", "-D", "it=a.png").code == 0
        assert content(server)[1:] == [picture(url("image/png", PNG))]

    def test_its_tests_see_files_beside_it_only(self, seeing: Program) -> None:
        test = "tests: [{vars: {photo: PATH}, expect: {contains: cat}}]\n"
        folder = seeing.home / "prompts"
        folder.mkdir()
        (folder / "b.png").write_bytes(PNG)
        recipe = folder / "alt.yaml"
        recipe.write_text(ALT + test.replace("PATH", "b.png"))
        assert seeing("recipes", "test", "prompts").code == 0
        assert seeing("recipes", "check", "prompts").code == 0
        recipe.write_text(ALT + test.replace("PATH", "../a.png"))
        assert seeing("recipes", "test", "prompts").code == 78
        recipe.write_text(ALT + test.replace("PATH", "https://example.com/a.png"))
        assert seeing("recipes", "test", "prompts").code == 1
        assert "no_data_file" in seeing("recipes", "check", "prompts", "--json").out


class TestCounting:
    def test_an_image_counts_by_its_formula_and_not_by_its_bytes(self) -> None:
        large = PNG + b"\0" * 900_000
        part = picture(url("image/png", large))
        told = Message("user", "", (part,))

        assert attachments.most(part, "gpt-4o") == attachments.likely(part, "gpt-4o") == 255
        assert chat_format.messages_bound([told], "gpt-4o") < 300
        assert attachments.most(part, "a-model") == attachments.STRANGE
        assert attachments.likely(part, "a-model") == 255

    def test_a_file_is_at_most_its_bytes(self) -> None:
        part = {"type": "file", "file": {"filename": "", "file_data": "A" * 4_000_000}}
        assert attachments.most(part, "gpt-4o") // 10 == 300_000
        assert attachments.likely(part, "gpt-4o") == 0

    def test_a_long_file_costs_no_more_than_the_window(self, seeing: Program) -> None:
        (seeing.home / "long.pdf").write_bytes(PDF + b"\0" * 4_000_000)
        flags = ("--attach", "long.pdf", "-m", "gpt-4o", "--max-tokens", "1", "--max-cost")
        assert seeing("ask", "Look.", *flags, "0.33").code == 0
        assert seeing("ask", "Look.", *flags, "0.31").slug == "max_cost"

    def test_a_large_image_is_neither_too_long_nor_too_dear(
        self, seeing: Program, server: FaultyServer
    ) -> None:
        (seeing.home / "large.png").write_bytes(PNG + b"\0" * 4_000_000)
        told = seeing("ask", "Look.", "--image", "large.png", "-m", "gpt-4o")
        assert (told.code, len(server.requests)) == (0, 1)

    def test_an_image_is_paid_for(self, seeing: Program, server: FaultyServer) -> None:
        # 255 tokens of gpt-4o-mini's image are 36,835 of its own, at 0.15 USD a million.
        flags = ("-m", "gpt-4o-mini", "--max-tokens", "1", "--max-cost", "0.0001")
        assert seeing("ask", "Look.", *flags).code == 0
        told = seeing("ask", "Look.", *flags, "--image", "a.png")
        assert (told.code, told.slug) == (77, "max_cost")

    def test_images_fill_the_window(self, seeing: Program, server: FaultyServer) -> None:
        flags = [flag for _ in range(40) for flag in ("--image", "https://example.com/x.png")]
        told = seeing("ask", "Look.", *flags, "-m", "gpt-4", "--max-cost", "99")
        assert (told.code, told.slug) == (65, "context_length")


def test_a_recording_tells_a_changed_image_in_few_words(
    seeing: Program, server: FaultyServer
) -> None:
    seeing("ask", "Look.", "--image", "a.png", "--record", "tape.jsonl")
    again = seeing("ask", "Look.", "--image", "a.png", "--replay", "tape.jsonl")
    assert (again.code, again.out) == (0, "A cat.\n")
    (seeing.home / "a.png").write_bytes(PNG + b"x" * 100_000)
    other = seeing("ask", "Look.", "--image", "a.png", "--replay", "tape.jsonl")
    assert (other.code, other.slug) == (78, "not_recorded")
    assert len(other.err) < 500


def test_a_dry_run_shows_it_whole(seeing: Program) -> None:
    told = seeing("ask", "Look.", "--image", "a.png", "--dry-run").json
    assert told["body"]["messages"][-1]["content"][1] == picture(url("image/png", PNG))


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"BM\x36\0", "a BMP image"),
        (b"\0\0\0\x20ftypavif", "an AVIF image"),
        (b"\0\0\0\x20ftypheic", "a HEIC image"),
        (b"PK\x03\x04", "a ZIP archive, or an office document"),
        (b"\n <!DOCTYPE HTML>", "a web page"),
        (b"plain", "text"),
        ("é".encode() * 256 + b"x", "text"),
        (b"a" + "é".encode() * 256, "text"),
        (b"\xff\xfea\0", "of no kind that is known"),
        (b"a\0b", "of no kind that is known"),
        (b"", "text"),
        (PNG, "a PNG image"),
        (PDF, "a PDF"),
    ],
)
def test_what_a_file_seems_to_be(head: bytes, words: str) -> None:
    assert media.seems(head) == words


@given(
    st.binary(max_size=64) | st.sampled_from([*KINDS.values(), PDF, WAV, MP3]).map(lambda b: b[:30])
)
def test_any_bytes_are_something(raw: bytes) -> None:
    assert media.seems(raw)
    if images.measured(raw) is not None:
        assert media.kind(raw) in media.IMAGES
