"""Event patterns: which types of events a listener wants, as AMQP topics write it."""

from __future__ import annotations

from durian.errors import InvalidListener

#: What a broker takes as a routing key, in bytes of UTF-8.
MAX_BYTES = 255

#: The first word of the types of Durian's own events, such as `durian.listener.failing`. Only
#: patterns that begin with this very word mean them: who wants everything (`#`) does not ask to
#: be told how deliveries fare, and would be told of its own.
OPERATIONAL = "durian"

_HINT = "Write an event type (`person`), or words split by dots: `*` is one word, `#` any number."


def check_event_pattern(text: str) -> str:
    """Give the pattern back when it is one; else raise InvalidListener about `event`."""
    if not text:
        raise InvalidListener("event", "is empty", hint=_HINT)
    size = len(text.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        raise InvalidListener("event", f"is {size} bytes, the limit is {MAX_BYTES}", hint=_HINT)
    if not text.isprintable() or any(letter.isspace() for letter in text):
        raise InvalidListener("event", "has spaces or control characters", hint=_HINT)
    for word in text.split("."):
        if ("*" in word or "#" in word) and len(word) > 1:
            reason = f"has a wildcard inside the word {word!r}"
            raise InvalidListener("event", reason, hint=_HINT)
    return text


def is_exact(pattern: str) -> bool:
    """Tell whether the pattern has no wildcard, and so names one type."""
    return "*" not in pattern and "#" not in pattern


def wants_operational(pattern: str) -> bool:
    """Tell whether the pattern (or type) may mean events of Durian's own."""
    return pattern.partition(".")[0] == OPERATIONAL


def means(pattern: str, event_type: str) -> bool:
    """Tell whether a listener's pattern means events of this type: Durian's own only by name."""
    asked = wants_operational(pattern) or not wants_operational(event_type)
    return asked and fits(pattern, event_type)


def fits(pattern: str, event_type: str) -> bool:
    """Tell whether a type fits a pattern as the words of an AMQP topic do."""
    if is_exact(pattern):
        return pattern == event_type
    words = pattern.split(".")
    # How many of the pattern's words may be used up so far: following all of them at once takes
    # words times words at most, where backtracking could take for ever.
    states = _past_hashes({0}, words)
    for word in event_type.split("."):
        taken = {at + 1 for at in states if at < len(words) and words[at] in ("*", word)}
        stayed = {at for at in states if at < len(words) and words[at] == "#"}
        states = _past_hashes(taken | stayed, words)
    return len(words) in states


def _past_hashes(states: set[int], words: list[str]) -> set[int]:
    """Add what is reached when each `#` takes no further word."""
    reached = set(states)
    for at in states:
        after = at
        while after < len(words) and words[after] == "#":
            after += 1
            reached.add(after)
    return reached
