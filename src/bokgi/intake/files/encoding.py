"""In which encoding a file is written: by its mark (BOM), then strict UTF-8, then strict CP949, then ask.

CP949 holds every EUC-KR text and more, so EUC-KR is never tried: it would refuse 똠 and 펲. UTF-8 comes first because a
CP949 text is almost never valid UTF-8, while UTF-8 Hangul is sometimes valid CP949.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from bokgi.domain.errors import InputError
from bokgi.domain.messages import N_, Message
from bokgi.intake.files.staged import FoundBy

BLOCK: Final = 1 << 18
UTF8: Final = "utf-8"
CP949: Final = "cp949"
_MARKS: Final = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WIDER: Final = {"euc_kr": CP949, "utf-8-sig": UTF8}
_LONGEST_CHARACTER: Final = 4
_REPLACED: Final = "\ufffd".encode()
_NO_TEXT: Final = b"\xff"


@dataclass(frozen=True)
class Encoding:
    """A codec, how it was found, the length of its mark, and whether the file ends within a character."""

    codec: str
    found_by: FoundBy
    mark: int = 0
    truncated: bool = False

    @property
    def is_utf8(self) -> bool:
        """Tell whether the bytes can be read as they are."""
        return self.codec == UTF8


@dataclass(frozen=True)
class Decoded:
    """How far a strict decoder got: `failed_at` is the offset of the first byte that it refused (null: none)."""

    failed_at: int | None
    truncated: bool
    beyond_ascii: bool


def blocks(stream: BinaryIO, size: int = BLOCK) -> Iterator[bytes]:
    """Read a stream to its end, block by block."""
    while block := stream.read(size):
        yield block


def mark_of(head: bytes) -> Encoding | None:
    r"""Read the byte order mark, if the file begins with one.

    >>> mark_of(b"\xef\xbb\xbfid").codec
    'utf-8'
    """
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return Encoding(codec, FoundBy.BOM, len(mark))
    return None


def named(name: str) -> Encoding:
    """Take the encoding that a person named; EUC-KR means CP949, which holds it.

    >>> named("EUC-KR").codec
    'cp949'
    """
    try:
        codec = codecs.lookup(name).name
        "a".encode(codec)
    except (LookupError, TypeError, ValueError):
        message = Message(N_("There is no encoding {name}."), {"name": name})
        raise InputError("encoding_unknown", message, Message(N_("Korean files are mostly utf-8 or cp949."))) from None
    return Encoding(_WIDER.get(codec, codec), FoundBy.GIVEN)


def sample_fits(head: bytes, codec: str, *, whole: bool) -> bool:
    """Tell whether the first bytes of a file are strict text in `codec`; cut short unless `whole`."""
    try:
        codecs.getincrementaldecoder(codec)("strict").decode(head, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def decode_strictly(stream: BinaryIO, codec: str, write: Callable[[str], object] | None = None) -> Decoded:
    """Decode a stream to its end or to the first refused byte; hand each piece of text to `write`.

    A character cut off by the end of the stream is no refusal: `truncated` tells of it, and the text before it counts.

    >>> import io
    >>> decode_strictly(io.BytesIO("가나".encode()[:-1]), "utf-8")
    Decoded(failed_at=None, truncated=True, beyond_ascii=True)
    """
    decoder = codecs.getincrementaldecoder(codec)("strict")
    offset, beyond = 0, False
    for block in blocks(stream):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError as error:
            return Decoded(offset - pending + error.start, truncated=False, beyond_ascii=beyond)
        beyond = beyond or not text.isascii()
        offset += len(block)
        if write is not None:
            write(text)
    cut = decoder.getstate()[0]
    return Decoded(None, truncated=bool(cut) and len(cut) < _LONGEST_CHARACTER, beyond_ascii=beyond)


def copy_with_faults(stream: BinaryIO, codec: str, write: Callable[[bytes], object]) -> None:
    r"""Write a stream as UTF-8 in which what is no text of `codec` is none of UTF-8 either, so that its records show.

    >>> import io
    >>> copied = io.BytesIO()
    >>> copy_with_faults(io.BytesIO("가".encode("cp949") + b"\xff,1"), "cp949", copied.write)
    >>> copied.getvalue()[-3:]
    b'\xff,1'
    """
    decoder = codecs.getincrementaldecoder(codec)("replace")
    for block in blocks(stream):
        write(decoder.decode(block).encode().replace(_REPLACED, _NO_TEXT))
    write(decoder.decode(b"", final=True).encode().replace(_REPLACED, _NO_TEXT))


def decide(open_stream: Callable[[], BinaryIO], *, file: str) -> Encoding:
    """Decide the encoding of a file without a mark, reading all of it.

    A file that is UTF-8 up to a character cut off at its end is truncated UTF-8, unless that character would be its
    only one beyond ASCII and CP949 reads it whole.
    """
    with open_stream() as stream:
        utf8 = decode_strictly(stream, UTF8)
    if utf8.failed_at is None and (not utf8.truncated or utf8.beyond_ascii):
        return Encoding(UTF8, FoundBy.STRICT_UTF8, truncated=utf8.truncated)
    with open_stream() as stream:
        cp949 = decode_strictly(stream, CP949)
    if utf8.failed_at is None and cp949.truncated:
        return Encoding(UTF8, FoundBy.STRICT_UTF8, truncated=True)
    if cp949.failed_at is None:
        return Encoding(CP949, FoundBy.STRICT_CP949, truncated=cp949.truncated)
    raise undecidable(file, utf8.failed_at or 0, cp949.failed_at)


def undecidable(file: str, utf8_at: int, cp949_at: int) -> InputError:
    """Ask for the encoding of a file that is neither UTF-8 nor CP949."""
    message = Message(
        N_("The encoding of {file} is unknown: byte {utf8} is not UTF-8, and byte {cp949} is not CP949."),
        {"file": file, "utf8": utf8_at + 1, "cp949": cp949_at + 1},
    )
    hint = Message(
        N_("Name the encoding, for example utf-8 or cp949 (bad rows are set aside), utf-16 or windows-1252.")
    )
    return InputError("encoding_undecided", message, hint)


def not_in(file: str, codec: str, at: int) -> InputError:
    """Say that a file is not in the encoding that was named."""
    message = Message(
        N_("{file} is not in the encoding {codec}: byte {at} cannot be read."),
        {"file": file, "codec": codec, "at": at + 1},
    )
    return InputError(
        "encoding_wrong", message, Message(N_("Leave the encoding out to have it decided from the file."))
    )
