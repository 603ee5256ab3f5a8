"""What listeners want and what hooks promise; the store of both is `durian.registry.store`."""

from __future__ import annotations

from durian.registry.breaker import OpenBreaker
from durian.registry.head import Head
from durian.registry.hook_spec import HookSpec
from durian.registry.known_hooks import Hooks
from durian.registry.listener import Listener, new_listener_id
from durian.registry.policy import Policy
from durian.registry.secret import ListenerSecret

__all__ = [
    "Head",
    "HookSpec",
    "Hooks",
    "Listener",
    "ListenerSecret",
    "OpenBreaker",
    "Policy",
    "hooks",
    "new_listener_id",
]

#: The hooks of this process: `hooks.register(PersonHook)`.
hooks = Hooks()
