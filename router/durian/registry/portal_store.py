"""The part of the registry's store that seals portal links: they are written nowhere."""

from __future__ import annotations

from durian.errors import NotAllowed, RegistryError
from durian.registry.part import Part
from durian.registry.portal_link import CONTEXT, PortalLink, from_url, to_url


class PortalStore(Part):
    """Portal links; its methods keep the rules of `durian.registry.store.Store`."""

    def seal_link(self, link: PortalLink) -> str:
        """Make the part of a URL that stands for a link; the audit log notes that it was made."""
        if self._owner is not None:
            raise NotAllowed("Portal links are made by the deployment, not by an owner.")
        sealed = to_url(self._vault.seal(link.to_text(), CONTEXT))
        after = {"scopes": sorted(link.scopes), "expires_at": link.expires_at}
        with self._database.locked() as connection:
            target = f"portal {link.owner}"
            self._note(connection, "portal.link", target, owner=link.owner, after=after)
        return sealed

    def open_link(self, text: str) -> PortalLink | None:
        """Read what stands for a link in a URL; None when it is none, or has expired."""
        try:
            link = PortalLink.from_text(self._vault.open(from_url(text), CONTEXT))
        except RegistryError:
            return None
        return link if self._now() < link.expires_at else None
