"""The OpenAPI 3.1 document: what FastAPI tells of the routes, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from starlette.responses import JSONResponse

from durian.console.api import once, problem
from durian.console.api.access import is_guarded
from durian.registry.answer_store import MAX_KEY_LENGTH

#: What the document says of the API as a whole.
DESCRIPTION: Final = """\
Durian routes events to webhooks.

Errors are problem details (RFC 9457). Lists come in pages: go on with `cursor=` and the `next` of
the page before. A request with an `Idempotency-Key` can be made again, and is carried out once.
"""

_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})
_UNSAFE: Final = _METHODS - {"get"}

#: Parameters that name something, which may not be there.
_NAMING: Final = frozenset({"listener", "event"})

_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}

_KEY: Final[dict[str, Any]] = {
    "name": once.HEADER,
    "in": "header",
    "required": False,
    "description": "A text of your own: asked again under it, the request is carried out once.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_KEY_LENGTH,
        "pattern": "^[!-~]+$",
    },
}


def route(app: FastAPI) -> Callable[[], JSONResponse]:
    """Make the endpoint that tells an application's document; it is made once."""

    @cache
    def document() -> JSONResponse:
        return JSONResponse(_completed(app.openapi()))

    return document


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for model in ("HTTPValidationError", "ValidationError"):
        schemas.pop(model, None)
    schema = problem.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**schema.pop("$defs"), "Problem": schema}
    components["parameters"] = {"IdempotencyKey": _KEY}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS and is_guarded(path):
                _complete(operation, path, method)
    return document


def _complete(operation: dict[str, Any], path: str, method: str) -> None:
    """Tell of an operation what holds for all of its kind."""
    if method in _UNSAFE:
        key = {"$ref": "#/components/parameters/IdempotencyKey"}
        operation.setdefault("parameters", []).append(key)
    for parameter in operation.get("parameters", []):
        _drop_null(parameter)
    responses = operation["responses"]
    for status in _failures(operation, path, method):
        responses[str(status.value)] = {
            "description": status.phrase,
            "content": {problem.MEDIA_TYPE: {"schema": _PROBLEM}},
        }


def _drop_null(parameter: dict[str, Any]) -> None:
    """A parameter that may be None in Python is one that may be left out: null cannot be sent."""
    schema = parameter.get("schema", {})
    choices = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    if len(choices) == 1:
        del schema["anyOf"]
        parameter["schema"] = schema | choices[0]


def _failures(operation: Mapping[str, Any], path: str, method: str) -> Iterator[HTTPStatus]:
    """How an operation may fail."""
    has_body = "requestBody" in operation
    parameters = operation.get("parameters", [])
    if has_body or parameters:
        yield HTTPStatus.BAD_REQUEST
        yield HTTPStatus.UNPROCESSABLE_ENTITY
    yield HTTPStatus.UNAUTHORIZED
    yield HTTPStatus.FORBIDDEN
    if "{" in path or any(one.get("name") in _NAMING for one in parameters):
        yield HTTPStatus.NOT_FOUND
    if method in _UNSAFE:
        yield HTTPStatus.CONFLICT
    if any(one.get("name") in {"If-Match", "If-None-Match"} for one in parameters):
        yield HTTPStatus.PRECONDITION_FAILED
    if has_body:
        yield HTTPStatus.REQUEST_TIMEOUT
        yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    yield HTTPStatus.TOO_MANY_REQUESTS
    yield HTTPStatus.SERVICE_UNAVAILABLE
