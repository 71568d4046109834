"""Reads a multipart form (RFC 7578) while it comes in: fields are kept, the film is handed on and never held.

The fields may come before or after the film. What `python-multipart` finds in each piece is put into a list by its
callbacks and worked off before the next piece is read, so that a slow store slows the sender, and nothing piles up.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from services.backbone.errors import BadRequest, TooLarge
from services.backbone.settings import MIB

FILM_FIELD = "file"

_MOST_FIELDS = 30
_MOST_BYTES = MIB
_NO_FORM = "The form cannot be read ({}); send multipart/form-data as RFC 7578 describes it."
_CUT_SHORT = "The form ends before its last boundary; send all of it."


@dataclass(frozen=True)
class FilmHead:
    """What a form says of the film that follows."""

    filename: str
    content_type: str


@dataclass
class FormFields:
    """The fields of a form besides the film; text."""

    values: dict[str, str] = field(default_factory=dict)
    film: FilmHead | None = None


Begin = Callable[[FilmHead], Awaitable[None]]
Write = Callable[[bytes], Awaitable[None]]


async def read_form(content_type: str, pieces: AsyncIterator[bytes], begin: Begin, write: Write) -> FormFields:
    """Read a form to its end.

    Args:
        content_type: of the request, with its boundary.
        pieces: of the body, as they come.
        begin: called when the film begins.
        write: called with each piece of the film.

    Raises:
        BadRequest: it is no such form, or is cut short.
        TooLarge: its fields have more than 1 MiB.
    """
    form = _Form(begin, write)
    parser = form.parser(content_type)
    async for piece in pieces:
        try:
            parser.write(piece)
        except FormParserError as error:
            raise BadRequest(_NO_FORM.format(error)) from error
        await form.work_off()
    if not form.is_complete:
        raise BadRequest(_CUT_SHORT)
    return form.fields


class _Form:
    """The state between two pieces: which part we are in, and what the parser found since."""

    def __init__(self, begin: Begin, write: Write) -> None:
        self.fields = FormFields()
        self.is_complete = False
        self._begin, self._write = begin, write
        self._found: list[Callable[[], Awaitable[None]]] = []
        self._header = (bytearray(), bytearray())
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._value = bytearray()
        self._is_film = False
        self._kept = 0

    def parser(self, content_type: str) -> MultipartParser:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise BadRequest(_NO_FORM.format("its Content-Type names no boundary"))
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._data,
                    "on_part_end": self._part_ends,
                    "on_end": self._ends,
                },
            )
        except FormParserError as error:
            raise BadRequest(_NO_FORM.format(error)) from error

    async def work_off(self) -> None:
        found, self._found = self._found, []
        for each in found:
            await each()

    def _part_begins(self) -> None:
        self._headers = {}
        self._value = bytearray()

    def _header_ends(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._is_film = self._name == FILM_FIELD
        if not self._name:
            raise FormParserError("a part has no name")
        if self._name in self.fields.values or (self._is_film and self.fields.film is not None):
            raise FormParserError(f"the field {self._name[:80]!r} comes twice")
        if len(self.fields.values) >= _MOST_FIELDS:
            raise FormParserError(f"there are more than {_MOST_FIELDS} fields")
        if self._is_film:
            self._film_begins(options.get(b"filename", b"").decode("utf-8", "replace"))

    def _film_begins(self, filename: str) -> None:
        head = FilmHead(filename, self._headers.get(b"content-type", b"").decode("latin-1"))
        self.fields.film = head
        self._found.append(lambda: self._begin(head))

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_film:
            piece = data[start:end]
            self._found.append(lambda: self._write(piece))
            return
        self._kept += end - start
        if self._kept > _MOST_BYTES:
            raise TooLarge("The fields of the form have more than 1 MiB; send less.")
        self._value += data[start:end]

    def _part_ends(self) -> None:
        if not self._is_film:
            self.fields.values[self._name] = self._value.decode("utf-8", "replace")

    def _ends(self) -> None:
        self.is_complete = True
