"""Media: files that are uploaded, described, downloaded and taken away again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from backoffice.channels.sandbox.replies import Problem, Reply, success
from backoffice.channels.sandbox.requests import Request
from backoffice.channels.sandbox.setup import Number
from backoffice.channels.sandbox.state import File, State, unknown

_MEGABYTE = 1 << 20
_MOST: Mapping[str, int] = {"image": 5 * _MEGABYTE, "audio": 16 * _MEGABYTE, "video": 16 * _MEGABYTE}
_FORMS = frozenset(
    {
        *("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/opus"),
        *("image/jpeg", "image/png", "image/webp", "video/mp4", "video/3gp", "video/3gpp"),
        *("text/plain", "application/pdf", "application/msword", "application/vnd.ms-excel"),
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    }
)


class Piece:
    """A piece of a form: its name, its file's name and kind, and its content."""

    def __init__(self, raw: bytes) -> None:
        head, _, self.content = raw.partition(b"\r\n\r\n")
        lines = (line.partition(":") for line in head.decode("utf-8", "replace").split("\r\n"))
        self._head = {name.strip().lower(): value.strip() for name, _, value in lines}

    @property
    def form(self) -> str:
        """The content's media type, or nothing."""
        return self._head.get("content-type", "").partition(";")[0].strip().lower()

    def said(self, what: str) -> str:
        """Return what the piece says of its name or file name."""
        for part in self._head.get("content-disposition", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == what:
                return value.strip('"')
        return ""


def read_form(request: Request) -> dict[str, Piece]:
    """Return the pieces of a multipart form by their names; raises Problem."""
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    boundary = rest.strip().removeprefix("boundary=").strip('"')
    if kind.strip().lower() != "multipart/form-data" or not boundary:
        raise Problem(100, "The request must be multipart/form-data.")
    raws = request.body.split(b"--" + boundary.encode("utf-8", "replace"))[1:-1]
    pieces = (Piece(raw.removeprefix(b"\r\n").removesuffix(b"\r\n")) for raw in raws)
    return {piece.said("name"): piece for piece in pieces}


def upload(state: State, number: Number, request: Request) -> Reply:
    """Keep a file; its id is good for 30 days at the real API, and as long as the sandbox lives here."""
    pieces = read_form(request)
    for name in ("messaging_product", "file"):
        if name not in pieces:
            raise Problem(100, f"The parameter {name} is required.")
    if pieces["messaging_product"].content != b"whatsapp":
        raise Problem(100, "Param messaging_product must be one of {WHATSAPP}.")
    piece = pieces["file"]
    form = piece.form or (pieces["type"].content.decode("utf-8", "replace") if "type" in pieces else "")
    if form not in _FORMS:
        raise Problem(100, f"Param file must be a file with one of the types: {', '.join(sorted(_FORMS))}.")
    if len(piece.content) > _MOST.get(form.partition("/")[0], 100 * _MEGABYTE):
        raise Problem(131053, "Param file is too large.")
    return success({"id": keep(state, number, form, piece.content, piece.said("filename"))})


def keep(state: State, number: Number, form: str, content: bytes, name: str = "") -> str:
    """Keep a file's content; return its id."""
    drawn = hashlib.blake2b(f"{number.phone_number_id}/{len(state.files)}".encode(), digest_size=6).digest()
    media_id = str(10**15 + int.from_bytes(drawn, "big"))
    file = File(phone_number_id=number.phone_number_id, form=form, content=content, name=name, at=state.now())
    state.files.put(media_id, file)
    return media_id


def describe(state: State, media_id: str, request: Request) -> Reply:
    """Tell where a file can be fetched, and what it is."""
    file = _of(state, media_id, request, "get")
    host = request.headers.get("host", "127.0.0.1")
    told: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "url": f"http://{host}/whatsapp_business/attachments/{media_id}",
        "mime_type": file.form,
        "sha256": file.sha256,
        "file_size": len(file.content),
        "id": media_id,
    }
    return success(told)


def fetch(state: State, media_id: str, request: Request) -> Reply:
    """Return a file's content."""
    file = _of(state, media_id, request, "get")
    return Reply(200, file.content, form=file.form)


def take_away(state: State, media_id: str, request: Request) -> Reply:
    """Forget a file."""
    _of(state, media_id, request, "delete")
    state.files.drop(media_id)
    return success({"success": True})


def _of(state: State, media_id: str, request: Request, method: str) -> File:
    file, number = state.files.get(media_id), request.query.get("phone_number_id")
    if file is None or (number and number != file.phone_number_id):
        raise unknown(media_id, method)
    return file
