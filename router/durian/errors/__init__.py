"""Every error Durian raises on purpose: one tree, so that callers can catch one thing.

The docstring of a class, without "Raised when", is its default message. Facts travel as attributes,
never only in the text. Errors of drivers (pika, kombu, SQLAlchemy, requests) are translated at
their adapters and never leak.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self, get_args

__all__ = [
    "AlreadyReceived",
    "BrokerBlocked",
    "BrokerError",
    "BrokerRefused",
    "BrokerUnavailable",
    "Changed",
    "Conflict",
    "DurianError",
    "InvalidEvent",
    "InvalidFilter",
    "InvalidHook",
    "InvalidInput",
    "InvalidListener",
    "InvalidSettings",
    "InvalidSource",
    "InvalidToken",
    "InvalidUser",
    "ListenerUnknown",
    "LoginRefused",
    "MissingExtra",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "OutboxUnavailable",
    "PermissionRefused",
    "PublishRejected",
    "QueueMissing",
    "RateLimited",
    "RegistryError",
    "RegistryMissing",
    "RegistryOutdated",
    "RegistryUnavailable",
    "Resource",
    "SignatureError",
    "SnapshotUnusable",
    "TooLarge",
    "TopologyMismatch",
    "UnderWay",
    "Unroutable",
    "VhostRefused",
    "resource_of",
]


#: What is asked for by a name or an id, and may not be there.
Resource = Literal[
    "delivery",
    "event",
    "hook",
    "job",
    "listener",
    "message",
    "replay",
    "source",
    "token",
    "user",
]


def resource_of(text: object) -> Resource | None:
    """Read back which it was; None for what this version does not know."""
    return next((one for one in get_args(Resource) if one == text), None)


class DurianError(Exception):
    """Something went wrong in Durian."""

    #: What the reader of the message can do about it; printed after the message.
    hint: ClassVar[str] = ""

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        self.message = message or self._default()
        self.advice = hint or self.hint
        stop = "" if self.message.endswith((".", "!", "?")) or not self.advice else "."
        super().__init__(f"{self.message}{stop} {self.advice}".strip())

    def _default(self) -> str:
        """What the docstring says happened: that is its first line, without `Raised when`."""
        happened = (type(self).__doc__ or "").strip().splitlines()[0].removeprefix("Raised when ")
        return f"{happened[:1].upper()}{happened[1:]}"


class InvalidInput(DurianError):
    """Raised when a value that a person or a program handed in cannot be used."""

    def __init__(self, field: str, reason: str, *, hint: str = "") -> None:
        #: The name of the offending field, attribute, option or path.
        self.field = field
        #: Why it cannot be used, without the field's name.
        self.reason = reason
        super().__init__(f"{field}: {reason}", hint=hint)


class InvalidEvent(InvalidInput):
    """Raised when an event cannot be built or decoded; `field` is the CloudEvents attribute."""

    #: Where the event stands in the batch that it came in, counted from 0; None outside of one.
    index: int | None = None

    def at(self, index: int) -> Self:
        """The same of an event of a batch: `reason` then says of which."""
        told = type(self)(self.field, self.reason + self._place(index), hint=self.advice)
        told.index = index
        return told

    def alone(self) -> Self:
        """The same without its place in a batch."""
        reason = self.reason
        if self.index is not None:
            reason = reason.removesuffix(self._place(self.index))
        return type(self)(self.field, reason, hint=self.advice)

    @staticmethod
    def _place(index: int) -> str:
        return f" (event {index} of the batch, counted from 0)"


class InvalidFilter(InvalidInput):
    """Raised when a filter cannot be understood; `field` is the path of the condition."""


class InvalidListener(InvalidInput):
    """Raised when a listener, its policy or its URL cannot be used."""


class InvalidHook(InvalidInput):
    """Raised when a hook cannot be used."""


class InvalidToken(InvalidInput):
    """Raised when an API token cannot be made as it was asked for."""


class InvalidUser(InvalidInput):
    """Raised when a user, or their password, cannot be taken."""


class InvalidSource(InvalidInput):
    """Raised when a source of other systems' webhooks, or its secret, cannot be used."""


class InvalidSettings(InvalidInput):
    """Raised when a setting (environment, durian.toml or option) cannot be used."""


class TooLarge(DurianError):
    """Raised when a request, or what it asks for, is larger than it may be."""


class TooSlow(DurianError):
    """Raised when a request's body does not arrive in time."""


class Overloaded(DurianError):
    """Raised when more is in hand than there is room for."""

    hint = "Try again in a while."


class SignatureError(DurianError):
    """Raised when a webhook's signature does not verify."""


class AlreadyReceived(DurianError):
    """Raised when a webhook is received again: its event was handled, or is being handled."""

    def __init__(self, *, handled: bool) -> None:
        #: True when it was handled: answer 2xx. False while it is: answer 409, to be asked later.
        self.handled = handled
        super().__init__(
            "This event was handled before." if handled else "This event is being handled."
        )


class BrokerError(DurianError):
    """Raised when the broker did not do what was asked."""


class BrokerUnavailable(BrokerError):
    """Raised when the broker cannot be reached, or did not answer in time."""

    hint = "Check that it runs, and that its URL is right."


class ServerUnavailable(BrokerUnavailable):
    """Raised when no Durian answers where one was asked: a `durian up` or `durian web`."""

    hint = (
        "Start `durian up` there, set DURIAN_BROKER_URL to work on RabbitMQ, or name another "
        "server by DURIAN_SERVER."
    )


class ServerSilent(ServerUnavailable):
    """Raised when what was asked gives no answer in time: it hangs, or has too much to do."""


class BrokerBlocked(BrokerUnavailable):
    """Raised when the broker takes no messages for now: it is low on memory or disk."""

    hint = (
        "Free memory or disk on the broker's machine, or let consumers catch up; "
        "`rabbitmq-diagnostics alarms` says which is short."
    )


class BrokerRefused(BrokerError):
    """Raised when the broker refuses a login, a virtual host, a connection or an operation."""


class LoginRefused(BrokerRefused):
    """Raised when the broker does not know the user, or the password is another one."""

    hint = "Check user and password in its URL; @ and / of a password are written as %40 and %2F."


class VhostRefused(BrokerRefused):
    """Raised when the broker has no such virtual host, or the user may not use it."""

    hint = (
        "Check the virtual host in its URL, amqp://user:password@host/VHOST; `rabbitmqctl "
        "list_user_permissions USER` tells which ones a user may use."
    )


class PermissionRefused(BrokerRefused):
    """Raised when the user may not do that on the broker."""

    hint = "`rabbitmqctl list_user_permissions USER` tells what a user may do there."


class Unroutable(BrokerError):
    """Raised when a message reached no queue: the broker returned it."""

    hint = "Declare the topology with `durian topology --declare`."


class PublishRejected(BrokerError):
    """Raised when the broker did not take responsibility for a message (a nack)."""


class QueueMissing(BrokerError):
    """Raised when a queue or exchange that is needed does not exist."""

    hint = "Declare the topology with `durian topology --declare`."


class TopologyMismatch(BrokerError):
    """Raised when a queue or exchange exists with other arguments than Durian needs."""

    hint = "Delete it in the RabbitMQ UI once it is empty, or use another DURIAN_PREFIX."


class RegistryError(DurianError):
    """Raised when the registry did not do what was asked."""


class RegistryUnavailable(RegistryError):
    """Raised when the registry's database cannot be reached, or did not answer in time."""

    hint = "Check that it runs, and that its URL is right."


class RegistryOutdated(RegistryError):
    """Raised when the registry's schema is not the one this version of Durian needs."""

    hint = "Run `durian registry upgrade`."


class RegistryMissing(RegistryError):
    """Raised when there is no registry where one was expected."""

    hint = (
        "`durian up` and `durian registry upgrade` make one; if it is elsewhere, name it by "
        "--registry or DURIAN_REGISTRY_URL."
    )


class NotFound(RegistryError):
    """Raised when no hook, listener, event or delivery has the given id."""

    def __init__(
        self, message: str = "", *, resource: Resource | None = None, hint: str = ""
    ) -> None:
        #: What it is that is not there; None when that is told by the message alone.
        self.resource = resource
        super().__init__(message, hint=hint)


class ListenerUnknown(NotFound):
    """Raised when there is no listener of the given id."""

    def __init__(self, listener_id: str, *, hint: str = "") -> None:
        #: The id that was asked for.
        self.listener_id = listener_id
        super().__init__(f"No listener {listener_id} exists.", resource="listener", hint=hint)


class Conflict(RegistryError):
    """Raised when a name or id is already taken."""


class UnderWay(Conflict):
    """Raised when a request is made again, under its idempotency key, before it has ended."""

    hint = "Ask again in a while; its answer is kept."


class Changed(Conflict):
    """Raised when something was changed by somebody else since it was read."""

    hint = "Read it again, and change it as it is now."


class OutboxUnavailable(DurianError):
    """Raised when the database of an outbox cannot be reached, or refuses what is asked of it."""

    hint = "Check that it runs, and that the table of the outbox exists."


class NotAuthenticated(DurianError):
    """Raised when a request carries no API token that is valid."""

    hint = "Send one as `Authorization: Bearer durian_...`; `durian tokens create` makes one."


class NotAllowed(DurianError):
    """Raised when an API token does not allow what was asked."""


class RateLimited(DurianError):
    """Raised when an API token is used more often than it may be."""

    def __init__(self, retry_after_s: float) -> None:
        #: Seconds after which the next request is allowed.
        self.retry_after_s = retry_after_s
        super().__init__("Too many requests were made with this token.")


class SnapshotUnusable(DurianError):
    """Raised when a snapshot of the index cannot be used."""

    hint = "Remove the file: the listeners are loaded from the registry."


class MissingExtra(DurianError):
    """Raised when a command needs a part of Durian that is not installed."""

    def __init__(self, extra: str, module: str) -> None:
        #: The extra to install, such as `console`.
        self.extra = extra
        #: What it would bring.
        self.module = module
        super().__init__(f"{module} is not installed.", hint=f'Run: pip install "durian[{extra}]"')
