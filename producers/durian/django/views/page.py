"""What all pages share: where they stand, who may see them, and how errors are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views import View

from durian.django.places import SITE, Place, Rights
from durian.errors import DurianError, InvalidFilter, NotFound
from durian.hook import current
from durian.registry.principal import Principal
from durian.registry.store import Store


class Page(View):
    """A page about listeners. Errors of Durian's are shown on a page of their own."""

    place: Place = SITE
    #: Makes what the admin puts around its pages.
    around: Callable[[], Mapping[str, Any]] | None = None
    #: The template, and the page's title.
    template: ClassVar[str] = ""
    title: ClassVar[str] = ""

    rights: Rights

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Make sure that somebody is there and may be."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        self.rights = Rights(request.user, self.place)
        if not self.allowed(**kwargs):
            raise PermissionDenied
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotFound as error:
            raise Http404(str(error)) from error
        except DurianError as error:
            return self.show(_status_of(error), template="durian/error.html", error=error)

    def allowed(self, **_: Any) -> bool:
        """Tell whether the user may see this page."""
        return True

    def show(self, status: int = 200, *, template: str = "", **context: Any) -> HttpResponse:
        """Render the page."""
        around = self.around() if self.around is not None else {}
        given = {
            "base": self.place.base,
            "place": self.place,
            "rights": self.rights,
            "title": self.title,
            **around,
            **context,
        }
        response = render(self.request, template or self.template, given, status=status)
        add_never_cache_headers(response)  # a secret may be on it
        return response

    def go(self, page: str, *args: Any, said: str = "") -> HttpResponse:
        """Go to another page, and say something there."""
        if said:
            messages.success(self.request, said)
        return redirect(self.place.url(page, *args))

    def principal(self, action: str) -> Principal:
        """In whose name the user does something. Raises PermissionDenied when in nobody's."""
        principal = self.rights.principal(action)
        if principal is None:
            raise PermissionDenied
        return principal

    def store(self, action: str = "view") -> Store:
        """The registry, as far as the user may do something with it."""
        return current().store.on_behalf(self.principal(action))


def _status_of(error: DurianError) -> int:
    return 400 if isinstance(error, InvalidFilter) else 503
