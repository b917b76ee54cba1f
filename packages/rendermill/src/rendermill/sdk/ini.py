"""INI files: every error names the file, the section and the option."""

from __future__ import annotations

import configparser
from pathlib import Path

from rendermill.farm.model.errors import BadInputError

_FLAGS = configparser.ConfigParser.BOOLEAN_STATES


class Ini:
    """The options of an INI file (UTF-8). Raises BadInputError if it is not there, or is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._parser = configparser.ConfigParser(interpolation=None)
        try:
            self._parser.read_string(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeError) as error:
            raise BadInputError(f"the file cannot be read: {error}", where=str(path)) from error
        except configparser.Error as error:
            what = " ".join(str(error).replace("'<string>'", "it").split())
            raise BadInputError(f"the file is no INI file: {what}", where=str(path)) from error

    def text(self, section: str, option: str) -> str:
        """An option's value. Raises BadInputError if section or option are missing."""
        if not self._parser.has_section(section):
            raise BadInputError(f"the section [{section}] is missing", where=str(self.path))
        if not self._parser.has_option(section, option):
            raise self.error(section, option, "the option is missing")
        return self._parser.get(section, option).strip()

    def whole(self, section: str, option: str, most: int) -> int:
        """A number from 0 to ``most``. Raises BadInputError."""
        text = self.text(section, option)
        if not (text.isascii() and text.isdecimal() and int(text) <= most):
            raise self.error(section, option, f"{text!r} is no whole number", f"Give one from 0 to {most}.")
        return int(text)

    def flag(self, section: str, option: str) -> bool:
        """True or False. Raises BadInputError."""
        text = self.text(section, option)
        if text.lower() not in _FLAGS:
            raise self.error(section, option, f"{text!r} is neither true nor false", "Give true or false.")
        return _FLAGS[text.lower()]

    def error(self, section: str, option: str, what: str, remedy: str | None = None) -> BadInputError:
        """What is wrong with an option."""
        return BadInputError(what, where=f"{self.path} [{section}] {option}", remedy=remedy)
