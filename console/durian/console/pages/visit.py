"""A visit: one request for a page, and who makes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from durian.console.api.access import Caller
from durian.console.pages import csrf
from durian.console.pages.form import Form
from durian.console.pages.templates import Templates
from durian.errors import NotAllowed, NotAuthenticated
from durian.registry.store import Store
from durian.registry.token import Scope

#: Where the pages of the whole deployment begin; the portal's use the same files.
CONSOLE: Final = "/console"

#: The query's parameter that asks for a part of a page alone.
PART: Final = "part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request for a page."""

    request: Request
    templates: Templates
    #: Who makes it; None when they are not known yet.
    guest: Caller | None
    #: Known to their browser and us alone.
    secret: str
    form: Form = field(default_factory=Form)

    @property
    def caller(self) -> Caller:
        """Who makes it. Raises NotAuthenticated."""
        if self.guest is None:
            raise NotAuthenticated("Log in first.")
        return self.guest

    @property
    def store(self) -> Store:
        """The registry as they have it."""
        return self.caller.store

    @property
    def owner(self) -> str | None:
        """Whose listeners they see; None: everybody's."""
        return self.caller.owner

    @property
    def path(self) -> dict[str, str]:
        """The parameters in the path."""
        return dict(self.request.path_params)

    @property
    def base(self) -> str:
        """Where these pages begin: the console, or one owner's portal."""
        return str(self.request.scope["root_path"])

    @property
    def is_portal(self) -> bool:
        """Whether it is a page of the portal."""
        return self.base != self._root + CONSOLE

    @property
    def part(self) -> str:
        """Which part of the page is wanted alone; empty: the whole page."""
        return self.query(PART) if self.is_fetched else ""

    @property
    def is_fetched(self) -> bool:
        """Whether a script of the page makes the request."""
        return self.request.headers.get("hx-request") == "true"

    @property
    def csrf(self) -> str:
        """What forms have to carry."""
        return csrf.token_of(self.secret)

    def query(self, name: str, default: str = "") -> str:
        """A parameter of the query."""
        return self.request.query_params.get(name, default)

    def may(self, scope: Scope) -> bool:
        """Tell whether they may do something."""
        return self.guest is not None and scope in self.guest.token.allowed

    def require(self, scope: Scope) -> None:
        """Raise NotAuthenticated or NotAllowed unless they may do something."""
        if scope not in self.caller.token.allowed:
            raise NotAllowed(f"This needs the scope {scope}, which you do not have.")

    def to(self, *parts: str, **query: object) -> str:
        """The address of one of these pages; parameters that are None are left out."""
        path = "".join(f"/{quote(part, safe='')}" for part in parts)
        given = {name: value for name, value in query.items() if value not in (None, "")}
        return f"{self.base}{path or '/'}" + (f"?{urlencode(given)}" if given else "")

    def static(self, name: str) -> str:
        """The address of a file of the pages."""
        return f"{self._root}{CONSOLE}/static/{name}?v={self.templates.version_of(name)}"

    def page(self, template: str, status: int = 200, **facts: Any) -> Response:
        """Answer with a page, or the part of it that is wanted."""
        html = self.templates.render(template, self.part, {"visit": self, **facts})
        return HTMLResponse(html, status)

    def go(self, *parts: str, **query: object) -> Response:
        """Go on to another page."""
        return RedirectResponse(self.to(*parts, **query), 303)

    @property
    def _root(self) -> str:
        """What stands before all our paths, where a proxy has put us below one."""
        return str(self.request.scope.get("app_root_path", ""))
