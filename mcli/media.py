"""CORE: what a file is by its first bytes, whatever it is called: what a request can hold.

The signatures are those of the formats themselves (PNG, RFC 2083; GIF89a; JFIF; RIFF; ISO 32000 for
PDF; ID3 and ISO 11172-3 for MP3).
"""

from __future__ import annotations

PDF, WAV, MP3 = "application/pdf", "audio/wav", "audio/mpeg"
IMAGES = ("image/png", "image/jpeg", "image/webp", "image/gif")

_OTHERS = (
    (b"BM", "a BMP image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"\0\0\x01\0", "an icon"),
    (b"8BPS", "a Photoshop image"),
    (b"OggS", "an Ogg file"),
    (b"fLaC", "a FLAC file"),
    (b"PK\x03\x04", "a ZIP archive, or an office document"),
    (b"\x1f\x8b", "packed by gzip"),
    (b"\x7fELF", "a program"),
    (b"<svg", "an SVG image"),
    (b"<html", "a web page"),
    (b"<!doctype html", "a web page"),
)
_BRANDS = {b"avif": "an AVIF image", b"heic": "a HEIC image", b"mif1": "a HEIF image"}


def kind(head: bytes) -> str | None:
    """The media type of a PNG, JPEG, WebP, GIF, PDF, WAV or MP3 that begins so; None of others."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"WAVE": WAV}.get(head[8:12])
    if head.startswith(b"%PDF-"):
        return PDF
    return MP3 if head.startswith(b"ID3") or _is_mpeg_frame(head) else None


def seems(head: bytes) -> str:
    """What a file that begins so is likely to be, in words."""
    known = {PDF: "a PDF", WAV: "WAV sound", MP3: "MP3 sound"}
    found = kind(head)
    if found is not None:
        return known.get(found, f"a {found.removeprefix('image/').upper()} image")
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "a video, or sound in MPEG-4")
    start = head.lstrip().lower()
    for signature, words in _OTHERS:
        if head.startswith(signature) or start.startswith(signature.lower()):
            return words
    try:
        head[:512].decode()
    except UnicodeDecodeError as error:
        if error.start < len(head[:512]) - 3:  # else a character is cut
            return "of no kind that is known"
    return "of no kind that is known" if b"\0" in head[:512] else "text"


def _is_mpeg_frame(head: bytes) -> bool:
    """Whether a frame of MPEG audio, layer III, begins here: eleven bits, then that layer."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3
