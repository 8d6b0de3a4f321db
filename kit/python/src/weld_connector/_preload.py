"""Loads modules that Python would otherwise import at their first use.

A component has no files when it runs, so these modules must be in memory when it is built.
"""

# Imported by the first `strptime`.
import _strptime  # type: ignore[import-not-found, unused-ignore] # noqa: F401
import codecs

# Encodings of texts that are not UTF-8. Encodings that Python doesn't have are skipped.
ENCODINGS = (
    "ascii",
    "big5",
    "big5hkscs",
    "cp1250",
    "cp1251",
    "cp1252",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "cp1257",
    "cp1258",
    "cp866",
    "cp874",
    "cp932",
    "cp949",
    "euc_jp",
    "euc_kr",
    "gb18030",
    "gb2312",
    "gbk",
    "idna",
    "iso2022_jp",
    "iso8859_1",
    "iso8859_10",
    "iso8859_11",
    "iso8859_13",
    "iso8859_14",
    "iso8859_15",
    "iso8859_16",
    "iso8859_2",
    "iso8859_3",
    "iso8859_4",
    "iso8859_5",
    "iso8859_6",
    "iso8859_7",
    "iso8859_8",
    "iso8859_9",
    "koi8_r",
    "koi8_u",
    "latin_1",
    "mac_roman",
    "punycode",
    "shift_jis",
    "tis_620",
    "utf_16",
    "utf_16_be",
    "utf_16_le",
    "utf_32",
    "utf_32_be",
    "utf_32_le",
    "utf_8_sig",
)


def load() -> None:
    """Load the encodings."""
    for encoding in ENCODINGS:
        try:
            codecs.lookup(encoding)
        except (ImportError, LookupError):
            pass
