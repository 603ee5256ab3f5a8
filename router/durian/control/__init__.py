"""Control: how a change of the registry reaches the broker and every process."""

from __future__ import annotations

from durian.control.announce import announce
from durian.control.follower import ChangeSource, Follower
from durian.control.provision import ListenerStore, Provision

__all__ = ["ChangeSource", "Follower", "ListenerStore", "Provision", "announce"]
