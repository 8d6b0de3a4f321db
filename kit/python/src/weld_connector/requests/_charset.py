"""Decodes a body: by its byte-order mark, else as UTF-8 if it is valid, else by the declared charset.

A body that can't be decoded is an error; no byte is replaced by U+FFFD. Labels follow WHATWG's Encoding Standard, as in
browsers: ISO-8859-1 is windows-1252.
"""

from __future__ import annotations

import codecs
import re

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
WIDE = {
    **dict.fromkeys(
        ("utf-16", "utf-16le", "ucs-2", "iso-10646-ucs-2", "unicode", "csunicode", "unicodefeff"), "utf-16-le"
    ),
    **dict.fromkeys(("utf-16be", "unicodefffe"), "utf-16-be"),
}
# Codecs that replace the one that Python has under the label's name.
MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
# Codecs that APIs don't use for texts, or that are handled elsewhere.
OTHERS = re.compile(r"utf-?7|idna|punycode|.*unicode.escape|undefined|utf-?(16|32).*|cp\d\d\d$")


class NotText(ValueError):
    """A body can't be decoded. The text continues a sentence that begins with "the body is"."""


def declared(content_type: str) -> str | None:
    """Return the charset that a header `Content-Type` declares, in lower case; `None` if it declares none."""
    found = re.search(r"""(?:^|[;,])\s*charset\s*=\s*["']?\s*([^\s"';,]+)""", content_type, re.IGNORECASE)
    return found[1].lower() if found else None


def decode(body: str | bytes, label: str | None) -> str:
    """Decode a body, which is a `str` if it is valid UTF-8. Raises `NotText`."""
    wide = WIDE.get(label) if label else None
    try:
        text = body if isinstance(body, str) else body.decode()
    except UnicodeDecodeError:
        pass
    else:
        # ASCII in UTF-16 is also valid UTF-8, but its text would have a zero next to each letter. ISO-2022-JP writes its
        # letters in ASCII, between escapes.
        if not (wide and "\0" in text) and not (label == "iso-2022-jp" and "\x1b" in text):
            return text.removeprefix("\ufeff")
    content = body.encode() if isinstance(body, str) else body
    for mark, name in MARKS:
        if content.startswith(mark):
            return _strictly(content[len(mark) :], name, name)
    if label is None:
        raise NotText("not valid UTF-8, and declares no charset")
    return _strictly(content, wide or _codec(label), label)


def _codec(label: str) -> str:
    for name in (label, label.removeprefix("x-")):
        if OTHERS.match(name):
            continue
        try:
            found = codecs.lookup(name)
        except LookupError:
            continue
        if getattr(found, "_is_text_encoding", True):
            return MEANT.get(found.name, found.name)
    raise NotText(f"not valid UTF-8, and declares the charset {label!r}, which this kit does not know")


def _strictly(content: bytes, codec: str, label: str) -> str:
    try:
        return content.decode(codec, CONTROLS if codec.startswith("cp125") or codec == "cp874" else "strict")
    except (UnicodeDecodeError, LookupError):
        raise NotText(f"not valid text in the charset {label!r}") from None


CONTROLS = "weld_connector.controls"


def _controls(error: UnicodeError) -> tuple[str, int]:
    # Bytes that Windows does not assign are control characters, as in Latin-1.
    if isinstance(error, UnicodeDecodeError) and 0x80 <= error.object[error.start] < 0xA0:
        return chr(error.object[error.start]), error.start + 1
    raise error


codecs.register_error(CONTROLS, _controls)
