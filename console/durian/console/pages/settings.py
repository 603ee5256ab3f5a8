"""What an operator looks after: settings, tokens, users, the audit log."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any, Final

from pydantic import ValidationError
from starlette.responses import Response

from durian.console import passwords, users
from durian.console.api import audit as audit_api
from durian.console.api import tokens as api
from durian.console.pages.once import once
from durian.console.pages.page import Pages
from durian.console.pages.visit import Visit
from durian.console.showing import shown_settings
from durian.errors import InvalidInput
from durian.errors.fault import first_fault
from durian.registry.token import SCOPES

pages = Pages()

#: Users of a page.
_USERS: Final = 100

#: How long a token may work, in seconds, and what that is called.
LIFETIMES: Final = (
    (86_400.0, "a day"),
    (30 * 86_400.0, "30 days"),
    (api.EXPIRES_IN_S, "90 days"),
    (365 * 86_400.0, "a year"),
    (None, "for ever"),
)


@pages.get("/settings", "admin")
def show(visit: Visit) -> Response:
    """Show every setting of this process."""
    rows = shown_settings(visit.caller.services.settings)
    return _page(visit, "settings.html", "settings", "Settings", rows=rows)


@pages.get("/settings/tokens", "admin")
def show_tokens(visit: Visit) -> Response:
    """List API tokens."""
    return _tokens(visit, "")


@pages.post("/settings/tokens", "admin")
def create_token(visit: Visit) -> Response:
    """Create one, and show it this once."""
    chosen = visit.form("lifetime")
    lifetime = next((length for length, _ in LIFETIMES if str(length) == chosen), api.EXPIRES_IN_S)
    given: dict[str, Any] = {
        "name": visit.form("name").strip(),
        "scopes": visit.form.all("scope"),
        "owner": visit.form("owner").strip() or None,
        "expires_in_s": lifetime,
    }

    def make() -> tuple[Response, str]:
        created = api.create_token(visit.caller, api.NewToken.model_validate(given))
        shown = _page(
            visit, "token.html", "tokens", "The token is created", HTTPStatus.CREATED, token=created
        )
        return shown, visit.to("settings", "tokens")

    try:
        return once(visit, make)
    except ValidationError as error:
        return _tokens(visit, ": ".join(first_fault(error, "token")))
    except InvalidInput as error:
        return _tokens(visit, str(error))


@pages.post("/settings/tokens/{token_id}/revoke", "admin")
def revoke_token(visit: Visit) -> Response:
    """Revoke one."""
    api.revoke_token(visit.caller, visit.path["token_id"])
    return visit.go("settings", "tokens")


@pages.get("/settings/users", "admin")
def show_users(visit: Visit) -> Response:
    """List users."""
    return _users(visit, "")


@pages.post("/settings/users", "admin")
def add_user(visit: Visit) -> Response:
    """Add one."""
    owner = visit.form("owner").strip() or None
    try:
        user = users.new_user(visit.form("name").strip(), visit.form.all("scope"), owner)
        visit.store.add_user(user, passwords.hashed(visit.form("password")))
    except InvalidInput as error:
        return _users(visit, str(error))
    return visit.go("settings", "users")


@pages.post("/settings/users/{name}/remove", "admin")
def remove_user(visit: Visit) -> Response:
    """Remove one."""
    visit.store.remove_user(visit.path["name"])
    return visit.go("settings", "users")


@pages.get("/settings/audit", "admin")
def show_audit(visit: Visit) -> Response:
    """List changes, the newest first."""
    target = visit.query("target").strip()
    found = audit_api.list_audit(visit.caller, target or None, cursor=visit.query("cursor") or None)
    return _page(
        visit,
        "audit.html",
        "audit",
        "Audit log",
        entries=found.items,
        next=found.next,
        target=target,
    )


def _tokens(visit: Visit, reason: str) -> Response:
    found = api.list_tokens(visit.caller, cursor=visit.query("cursor") or None)
    return _page(
        visit,
        "tokens.html",
        "tokens",
        "API tokens",
        HTTPStatus.UNPROCESSABLE_ENTITY if reason else HTTPStatus.OK,
        tokens=found.items,
        next=found.next,
        reason=reason,
        scopes=SCOPES,
        lifetimes=LIFETIMES,
        usual=api.EXPIRES_IN_S,
        once=secrets.token_urlsafe(16),
    )


def _users(visit: Visit, reason: str) -> Response:
    after = visit.query("after") or None
    found = visit.store.list_users(after=after, limit=_USERS + 1)
    return _page(
        visit,
        "users.html",
        "users",
        "Users",
        HTTPStatus.UNPROCESSABLE_ENTITY if reason else HTTPStatus.OK,
        users=found[:_USERS],
        next=found[_USERS - 1].name if len(found) > _USERS else None,
        reason=reason,
        scopes=[scope for scope in SCOPES if scope != "publish"],
        shortest=passwords.MIN_LENGTH,
    )


def _page(
    visit: Visit,
    template: str,
    tab: str,
    title: str,
    status: int = HTTPStatus.OK,
    **facts: Any,
) -> Response:
    return visit.page(template, status, title=title, section="settings", tab=tab, **facts)
