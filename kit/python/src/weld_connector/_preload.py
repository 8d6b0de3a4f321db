"""What must be in memory when the component is built.

A component has no files when it runs: what Python would import at first use, it no longer finds then.
"""

# Imported by the first `strptime`.
import _strptime  # type: ignore[import-not-found, unused-ignore] # noqa: F401
import codecs

# Of texts that are not UTF-8. Those that Python has no table for are not missed.
ENCODINGS = (
    "ascii",
    "cp1250",
    "cp1251",
    "cp1252",
    "euc_jp",
    "euc_kr",
    "gb18030",
    "gbk",
    "idna",
    "iso8859_1",
    "iso8859_2",
    "iso8859_15",
    "koi8_r",
    "latin_1",
    "mac_roman",
    "punycode",
    "shift_jis",
    "utf_8_sig",
    "utf_16",
    "utf_16_be",
    "utf_16_le",
    "utf_32",
    "utf_32_be",
    "utf_32_le",
)


def load() -> None:
    """Loads the encodings."""
    for encoding in ENCODINGS:
        try:
            codecs.lookup(encoding)
        except (ImportError, LookupError):
            pass
