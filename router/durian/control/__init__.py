"""Control: how a change of the registry reaches the broker and every process."""

from __future__ import annotations

from durian.control.announce import announce
from durian.control.desk import Desk, RegistryDesk, open_desk
from durian.control.follower import ChangeSource, Follower
from durian.control.provision import ListenerStore, Provision
from durian.control.queues import declare_queues, parts_of, prepare_queue

__all__ = [
    "ChangeSource",
    "Desk",
    "Follower",
    "ListenerStore",
    "Provision",
    "RegistryDesk",
    "announce",
    "declare_queues",
    "open_desk",
    "parts_of",
    "prepare_queue",
]
