"""OpenAPI 3.1, made from the handlers themselves: what is described is what is read, to the last limit of a field.

Schemas come from the very types that bodies are decoded with, so an unknown field is refused here and there. A
handler's docstring is its description; a body's `EXAMPLE` is its example; `once` among the parameters means an
idempotency key.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.routes import HTTPRoute

from backoffice.plumbing.http.bodies import Body
from backoffice.plumbing.http.once import HEADER
from backoffice.plumbing.http.problems import MEDIA_TYPE, Problem
from backoffice.plumbing.idempotency import LONGEST_KEY

PREFIX = "/v1"
_REF = "#/components/schemas/{name}"
_JSON = "application/json"
_ANSWERS = {"4XX": {"$ref": "#/components/responses/Problem"}, "5XX": {"$ref": "#/components/responses/Problem"}}
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "Of your own making, new for each thing you ask. The same key and body get the same answer for "
    "seven days, and nothing happens twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
    "example": "order-4711-reminder-1",
}


class Operation(NamedTuple):
    """One method of one path, with the handler that answers it."""

    path: str
    method: str
    handler: HTTPRouteHandler
    model: Any  # the framework's description of its parameters

    @property
    def body(self) -> Any:  # noqa: ANN401  # a type
        """The type of its body, or None."""
        field = self.handler.parsed_data_field
        return field.annotation if field else None

    @property
    def answer(self) -> Any:  # noqa: ANN401  # a type
        """The type of its answer."""
        told = self.handler.parsed_return_field.annotation
        origin = get_origin(told) or told
        if not (inspect.isclass(origin) and issubclass(origin, ASGIResponse | Response)):
            return told
        return (*get_args(told), bytes)[0]

    @property
    def is_public(self) -> bool:
        """Whether anybody may ask."""
        return bool(self.handler.opt.get("public"))

    @property
    def is_once(self) -> bool:
        """Whether it takes an idempotency key."""
        return "once" in self.handler.parsed_fn_signature.parameters

    def parameters(self) -> Iterator[tuple[str, str, bool, Any, Any]]:
        """Yield place, name, whether it is required, its type and its default."""
        annotations = self.handler.signature_model.__annotations__
        for place in ("path", "query", "header"):
            for one in sorted(getattr(self.model, f"expected_{place}_params"), key=lambda one: str(one.field_alias)):
                if one.field_name in annotations:
                    yield place, one.field_alias, one.is_required, annotations[one.field_name], one.default


def operations(app: Litestar) -> Iterator[Operation]:
    """Yield what the API answers, in the order of its paths."""
    for route in sorted(app.routes, key=lambda route: route.path):
        if isinstance(route, HTTPRoute) and route.path_format.startswith(PREFIX):
            for method, (handler, model) in sorted(route.route_handler_map.items()):
                if method != "OPTIONS" and handler.resolve_include_in_schema():
                    yield Operation(route.path_format, method, handler, model)


def describe(app: Litestar) -> dict[str, Any]:
    """Return the description of the API."""
    found = list(operations(app))
    types = [Problem, *(kind for one in found for kind in (one.body, one.answer) if _has_schema(kind))]
    schemas, components = _as_read(msgspec.json.schema_components(types, ref_template=_REF))
    known = [(kind, schema) for kind, schema in zip(types, schemas, strict=True)]
    paths: dict[str, dict[str, Any]] = {}
    for one in found:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Backoffice", "version": version("backoffice"), "description": inspect.cleandoc(_ABOUT)},
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "responses": {"Problem": _content("What is wrong, and where.", schemas[0], MEDIA_TYPE)},
        },
    }


_ABOUT = """
    Every message is decided before it leaves: allow, hold or deny, with every reason. Authorize with an API key as
    bearer token. Errors are problem details (RFC 9457) in the language of `Accept-Language`: en, lv, az or ru.
    """


def _operation(one: Operation, known: list[tuple[Any, Any]]) -> dict[str, Any]:
    summary, _, rest = inspect.cleandoc(one.handler.fn.__doc__ or "").partition("\n\n")
    told: dict[str, Any] = {
        "operationId": one.handler.fn.__name__,
        "tags": [one.path.removeprefix(PREFIX).split("/")[1]],
        "summary": " ".join(summary.split()),
        "parameters": [_parameter(*parameter) for parameter in one.parameters()] + ([_KEY] if one.is_once else []),
        "responses": {str(one.handler.status_code): _answer(one, known), **_empty(one), **_ANSWERS},
    }
    if rest:
        told["description"] = rest
    if one.is_public:
        told["security"] = []
    if body := _body(one, known):
        told["requestBody"] = {"required": True, "content": body}
    return told


def _body(one: Operation, known: list[tuple[Any, Any]]) -> dict[str, Any]:
    if upload := one.handler.opt.get("upload"):
        told: dict[str, Any] = {"schema": {"type": "string", "format": "binary", "minLength": 1}}
        if example := one.handler.opt.get("example"):
            told["examples"] = {"example": {"value": example}}
        return {upload: told}
    if one.body is None:
        return {}
    content: dict[str, Any] = {"schema": _schema(one.body, known)}
    if (example := example_of(one.body)) is not None:
        content["examples"] = {"example": {"value": example}}
    return {_JSON: content}


def example_of(body: Any) -> dict[str, Any] | None:  # noqa: ANN401  # a type
    """Return the example of a body, None where it has none of its own; one that may be empty has an empty one."""
    if not (inspect.isclass(body) and issubclass(body, Body)) or body.EXAMPLE is Body.EXAMPLE:
        return None
    return body.EXAMPLE


def _parameter(place: str, name: str, required: bool, kind: Any, default: Any) -> dict[str, Any]:  # noqa: ANN401, FBT001
    schema = msgspec.json.schema(kind)
    inner = schema.pop("$defs", None)
    if inner and "$ref" in schema:  # a parameter's enumeration stands where it is used
        schema = inner[schema["$ref"].rpartition("/")[2]]
    if default is not None:
        schema["default"] = default
    return {"name": name, "in": place, "required": required or place == "path", "schema": schema}


def _answer(one: Operation, known: list[tuple[Any, Any]]) -> dict[str, Any]:
    says = HTTPStatus(one.handler.status_code).phrase
    if one.answer in (None, type(None)):
        return {"description": says}
    told = one.handler.opt.get("answers", _JSON)
    schema = _schema(one.answer, known) if _has_schema(one.answer) else {}
    return _content(says, schema, *([told] if isinstance(told, str) else told))


def _empty(one: Operation) -> dict[str, Any]:
    """Return the answer without a body that an operation may give in place of its own."""
    status = one.handler.opt.get("empty")
    return {str(status): {"description": HTTPStatus(status).phrase}} if status else {}


def _content(says: str, schema: Any, *media: str) -> dict[str, Any]:  # noqa: ANN401
    return {"description": says, "content": {one: {"schema": schema} for one in media}}


def _schema(kind: Any, known: list[tuple[Any, Any]]) -> Any:  # noqa: ANN401
    return next(schema for other, schema in known if other is kind or other == kind)


def _as_read(schema: Any) -> Any:  # noqa: ANN401  # JSON
    """Return schemas without a promise that is not kept: what is taken for a set may be named twice."""
    match schema:
        case dict():
            return {name: _as_read(part) for name, part in schema.items() if name != "uniqueItems"}
        case list() | tuple():
            return [_as_read(part) for part in schema]
    return schema


def _has_schema(kind: Any) -> bool:  # noqa: ANN401
    return kind not in (None, type(None), Any, bytes, inspect.Parameter.empty)
