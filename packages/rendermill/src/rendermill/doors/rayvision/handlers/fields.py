"""Members that many calls have."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from rendermill.doors.rayvision.codes import invalid
from rendermill.doors.rayvision.context import MAX_IDS
from rendermill.doors.rayvision.registry import Body
from rendermill.renderers.base import CONTROL

MAX_PAGE_SIZE = 1000
_DATE = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")


def _number(value: object) -> object:
    """Some clients send numbers as text."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,18}", value, re.ASCII):
        return int(value)
    return value


def _printable(text: str) -> str:
    if CONTROL.search(text):
        raise ValueError("it holds control characters")
    return text


Id = Annotated[int, BeforeValidator(_number), Field(ge=0, lt=2**62)]
Ids = Annotated[list[Id], Field(min_length=1, max_length=MAX_IDS)]
PageNumber = Annotated[int, BeforeValidator(_number), Field(ge=1, le=10_000_000)]
PageSize = Annotated[int, BeforeValidator(_number), Field(ge=1, le=MAX_PAGE_SIZE)]
Seconds = Annotated[int, BeforeValidator(_number), Field(ge=0, le=100_000_000)]
Flag = Annotated[int, BeforeValidator(_number), Field(ge=0, le=1)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
Word = Annotated[str, Field(max_length=1000), AfterValidator(_printable)]


class TaskIds(Body):
    """``taskIds``."""

    taskIds: Ids


class Paged(Body):
    """A page: from 1, so many items."""

    pageNum: PageNumber = 1
    pageSize: PageSize = 100

    @property
    def offset(self) -> int:
        """Items before the page."""
        return (self.pageNum - 1) * self.pageSize


def parse_time(text: str | None, where: str, *, end_of_day: bool = False) -> float | None:
    """``yyyy-MM-dd HH:mm:ss`` or a day, in UTC; None for no text. Raises BadInputError."""
    if not text:
        return None
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        found = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise invalid(where, f"{text[:40]!r} is no time", "Give it as 2026-01-31 23:59:59, in UTC.") from error
    return found + 86_399 if end_of_day and len(text) == 10 else found


def write_time(time: float) -> str:
    """A time as ``yyyy-MM-dd HH:mm:ss`` in UTC."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S")
