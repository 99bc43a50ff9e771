"""EDGE: images, sound and PDF files as parts of a message, in the API's words (api-contract §2.1).

What a file is, its content says. An address is handed on as it is: the API fetches it, or says that
it does not, and mcli never does.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from mcli import inputs, media
from mcli.errors import BadInput, NoInput, UsageFailure
from mcli.expressions import expression
from mcli.tokens import images

Part = dict[str, Any]

_ADDRESS = expression(r"[a-z][a-z0-9+.-]*://|data:", re.IGNORECASE)
_UNSAFE = expression(r"[\x00-\x20\x7f]")


def gather(
    pictures: Sequence[str], others: Sequence[str], detail: str | None, most: int
) -> tuple[Part, ...]:
    """The parts for what --image and --attach name, which have `most` bytes in all at most.

    Raises NoInput, BadInput or UsageFailure, each with the name of the file.
    """
    parts: list[Part] = []
    left = most
    for name, flag in [(n, "--image") for n in pictures] + [(n, "--attach") for n in others]:
        part, size = _part(name, flag, detail, left)
        parts.append(part)
        left -= size
    return tuple(parts)


def image(name: str, detail: str | None, most: int, flag: str) -> Part:
    """The part for the image in a file, in stdin (`-`), at an address, or in a data URL, which is
    what a record of a batch may bring; `flag` named it."""
    if name.startswith("data:"):
        return _picture(_held(_unpacked(name, flag), flag), detail)
    return _part(name, flag, detail, most)[0]


def _part(name: str, flag: str, detail: str | None, most: int) -> tuple[Part, int]:
    """A part, and how many bytes it was made of."""
    if _ADDRESS.match(name):
        if flag == "--attach":
            raise UsageFailure("bad_flag", "--attach takes a file", "--image takes an address")
        return _picture(_address(name, flag), detail), 0
    raw = inputs.read_bytes(name, most)
    shown = "stdin" if name == "-" else name
    if not raw:
        raise NoInput("empty_input", f"{shown}: empty", "nothing was sent")
    kind = media.kind(raw[:4096])
    if kind not in media.IMAGES and (flag != "--attach" or kind is None):
        _refuse(shown, raw, flag)
    if len(raw) > most:
        told = f"{shown}: more than the {most} bytes that --max-input leaves for it"
        raise BadInput("too_much_input", told, "make it smaller, or raise --max-input")
    held = base64.b64encode(raw).decode()
    if kind == media.PDF:
        called = "stdin.pdf" if name == "-" else os.path.basename(name)
        called = called.encode("utf-8", "replace").decode()
        file = {"filename": called, "file_data": f"data:{kind};base64,{held}"}
        return {"type": "file", "file": file}, len(raw)
    if kind in (media.WAV, media.MP3):
        sound = {"data": held, "format": "wav" if kind == media.WAV else "mp3"}
        return {"type": "input_audio", "input_audio": sound}, len(raw)
    return _picture(_held(raw, shown), detail), len(raw)


def _held(raw: bytes, shown: str) -> str:
    """The image as a data URL. BadInput if it is none that is whole."""
    if images.measured(raw) is None:
        raise BadInput("bad_image", f"{shown}: {media.seems(raw)} that is cut or damaged")
    return f"data:{media.kind(raw[:4096])};base64,{base64.b64encode(raw).decode()}"


def _unpacked(url: str, flag: str) -> bytes:
    """The image in a data URL, whatever kind that says it is. What it is part of is bounded."""
    head, _, held = url.partition(",")
    try:
        if not head.endswith(";base64"):
            raise ValueError
        raw = base64.b64decode(held, validate=True)
    except ValueError:
        raise BadInput("bad_image", f"{flag}: no data URL in base64") from None
    if media.kind(raw[:4096]) not in media.IMAGES:
        _refuse(flag, raw, flag)
    return raw


def _picture(url: str, detail: str | None) -> Part:
    told = {"url": url, "detail": detail} if detail is not None else {"url": url}
    return {"type": "image_url", "image_url": told}


def _refuse(shown: str, raw: bytes, flag: str) -> None:
    seems = media.seems(raw[:4096])
    if media.kind(raw[:4096]) is not None:
        hint = "--attach takes it"
    elif flag == "--attach" and seems == "text":
        hint = "-f takes text"
    else:
        hint = "PNG, JPEG, WebP and GIF are taken"
        hint += ", PDF, WAV and MP3" if flag == "--attach" else ""
    what = "an image" if flag != "--attach" else "an image, sound or a PDF"
    raise BadInput("bad_image", f"{shown}: {seems}, not {what} that can be sent", hint)


def _address(url: str, flag: str) -> str:
    """An address that can be handed on. UsageFailure for any other scheme, and for a password."""
    scheme = url.partition(":")[0].lower()
    if scheme not in ("http", "https"):
        hint = "give the path of the file" if scheme in ("file", "data") else "download it first"
        raise UsageFailure("bad_flag", f'{flag} takes a file or http(s), not "{scheme}:"', hint)
    try:
        parts = urlsplit(url)
        host, secret = parts.hostname, parts.username is not None or parts.password is not None
    except ValueError:
        host, secret = None, False
    if not host or _UNSAFE.search(url):
        raise UsageFailure("bad_flag", f"{flag}: that is no address of an image")
    if secret:
        raise UsageFailure(
            "bad_flag",
            f"{flag}: the address holds a user name or password, which would be handed on",
            "download the image, and name the file",
        )
    return url
