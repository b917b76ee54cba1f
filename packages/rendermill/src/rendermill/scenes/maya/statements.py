"""The statements of a MEL file: ``command words… ;``, over as many lines as they take.

A scene is scanned, never run. What stands between two semicolons is skipped by searching, so that blocks of numbers
cost nothing; strings may hold semicolons, and so may comments between statements.
"""

from __future__ import annotations

import codecs
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BLANK = rb"(?:\s++|//[^\r\n]*+)*+"  # Maya writes no other comments
_BEGIN = re.compile(rb"(?:[\s;]++|//[^\r\n]*+)*+(\w++|\S)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_NEXT_LINE = re.compile(rb"[\r\n]++")
# In these encodings the second byte of a letter may be a back-slash.
_LEADS = {"cp932": rb"\x81-\x9f\xe0-\xfc", "cp936": rb"\x81-\xfe", "cp949": rb"\x81-\xfe", "cp950": rb"\x81-\xfe"}
_MOST_WORDS = 100_000
# Most statements are short and have no escapes in them: this takes one at once.
_SHORT = re.compile(rb'[^";]{0,200}+(?:"[^"\\\r\n]{0,200}+"[^";]{0,200}+){0,8}+;')


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a statement; ``quoted`` if it is a string."""

    text: str
    quoted: bool

    @property
    def is_flag(self) -> bool:
        """Whether it is a flag: ``-name``."""
        return not self.quoted and self.text[:1] == "-" and not self.text[1:2].isdigit()


class Statements:
    """The statements from a position on; iterating gives the name of each command.

    Who takes a command reads on from ``position``, by :meth:`words`, :meth:`match` or :meth:`string`; what it leaves of
    the statement is skipped. ``broken`` lists where a string or a statement has no end.
    """

    def __init__(self, data: mmap.mmap | bytes, codec: str = "utf-8", position: int = 0) -> None:
        self.data = data
        self.position = position
        self.broken: list[int] = []
        self._codec = codec
        self._semicolon = -1
        self._inside = False
        lead = _LEADS.get(codec, b"")
        self._has_leads = lead != b""
        letters = rb'[^"\\\r\n' + lead + rb"]++|" + (rb"[" + lead + rb"][^\r\n]|" if lead else b"") + rb"\\."
        string = rb'"(?:' + letters + rb')*+"'
        self._string = re.compile(string, re.DOTALL)
        self._word = re.compile(
            _BLANK + rb"(?:(?P<string>" + string + rb')|(?P<join>[()+])|(?P<word>[^\s;"()+][^\s;"()]*+))', re.DOTALL
        )
        self._end = re.compile(_BLANK + rb";")

    def __iter__(self) -> Iterator[bytes]:
        while True:
            if self._inside:
                self._skip()
            match = _BEGIN.match(self.data, self.position)
            if match is None:
                return
            self.position = match.end()
            if match[1] == b"/" and self.data[self.position : self.position + 1] == b"*":
                self._skip_comment()
                continue
            self._inside = True
            yield match[1]

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Match a pattern at the position, and go on behind it. One that ends in ``;`` ends the statement."""
        match = pattern.match(self.data, self.position)
        if match is not None:
            self.position = match.end()
            self._inside = self.data[self.position - 1 : self.position] != b";"
        return match

    def string(self) -> str | None:
        """The string at the position; None if there is none."""
        match = self.match(self._string)
        return self.decoded(match[0][1:-1]) if match is not None else None

    def words(self) -> list[Word]:
        """The words up to the end of the statement; strings that are joined with ``+`` are one."""
        words: list[tuple[list[str], bool]] = []
        joining = False
        while len(words) < _MOST_WORDS and (match := self._word.match(self.data, self.position)) is not None:
            self.position = match.end()
            if match["join"] is not None:
                joining = match["join"] == b"+"
                continue
            quoted = match["string"] is not None
            text = self.decoded(match["string"][1:-1] if quoted else match["word"])
            if joining and quoted and words and words[-1][1]:
                words[-1][0].append(text)
            else:
                words.append(([text], quoted))
            joining = False
        self.match(self._end)
        return [Word("".join(texts), quoted) for texts, quoted in words]

    def rest(self) -> tuple[int, int]:
        """Where the rest of the statement lies, which is skipped."""
        start = self.position
        self._skip()
        return start, self.position

    def decoded(self, raw: bytes) -> str:
        """The text of a string without its quotes."""
        text = raw.decode(self._codec, "surrogateescape")
        return _ESCAPE.sub(_unescaped, text) if "\\" in text else text

    def _skip(self) -> None:
        """Go behind the semicolon that ends the statement."""
        self._inside = False
        if not self._has_leads and (short := _SHORT.match(self.data, self.position)) is not None:
            self.position = short.end()
            return
        while True:
            if self._semicolon < self.position:
                self._semicolon = self.data.find(b";", self.position)
                if self._semicolon < 0:
                    self._break(self.position, len(self.data))
                    return
            quote = self.data.find(b'"', self.position, self._semicolon)
            if quote < 0:
                self.position = self._semicolon + 1
                return
            string = self._string.match(self.data, quote)
            if string is None:  # Maya writes no line end into a string: whatever is wrong ends with the line
                line = _NEXT_LINE.search(self.data, quote)
                self._break(quote, line.end() if line else len(self.data))
                return
            self.position = string.end()

    def _skip_comment(self) -> None:
        """Go behind a comment of the kind that Maya does not write, but reads."""
        start = self.position - 1
        end = self.data.find(b"*/", self.position + 1)
        if end < 0:
            self._break(start, len(self.data))
        else:
            self.position = end + 2

    def _break(self, at: int, resume: int) -> None:
        self.broken.append(at)
        self.position = resume


def _unescaped(match: re.Match[str]) -> str:
    return _ESCAPED.get(match[1], match[1])


def codec(codeset: str) -> str:
    """The codec of a code set as Maya names it: ``1252``, ``936``, ``UTF-8``."""
    name = f"cp{codeset}" if codeset.isdigit() else codeset
    try:
        return "utf-8" if name == "cp65001" else codecs.lookup(name).name.replace("gbk", "cp936")
    except LookupError:
        return "utf-8"
