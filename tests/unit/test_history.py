"""The checker must see every kind of fault, or its silence means nothing."""

from __future__ import annotations

from tests.support.history import History


def history() -> History:
    found = History()
    found.expect(["/a", "/b"], "1", b"one")
    return found


def test_a_complete_history_shows_nothing() -> None:
    found = history()
    found.receive("/a", "1", "msg_a", b"one")
    found.receive("/b", "1", "msg_b", b"one")
    verdict = found.verdict()
    shown = "expected 2, received 2, lost 0, duplicated 0, unexpected 0, corrupted 0"
    assert str(verdict) == shown


def test_what_did_not_arrive_is_lost() -> None:
    found = history()
    found.receive("/a", "1", "msg_a", b"one")
    assert found.verdict().lost == {("/b", "1")}
    assert not found.wait_complete(0)


def test_what_came_twice_is_duplicated() -> None:
    found = history()
    for _ in range(3):
        found.receive("/a", "1", "msg_a", b"one")
    assert found.verdict().duplicated == {("/a", "1"): 2}


def test_what_nobody_expected_is_unexpected() -> None:
    found = history()
    found.receive("/c", "1", "msg_c", b"one")
    assert found.verdict().unexpected == {("/c", "1")}


def test_other_bytes_or_another_webhook_id_are_corrupted() -> None:
    found = history()
    found.receive("/a", "1", "msg_a", b"two")
    found.receive("/b", "1", "msg_b", b"one")
    found.receive("/b", "1", "msg_x", b"one")
    assert found.verdict().corrupted == {("/a", "1"), ("/b", "1")}


def test_a_dead_letter_and_a_waiting_delivery_are_not_lost() -> None:
    found = history()
    found.bury("/a", "1", b"one")
    found.hold("/b", "1", b"one")
    verdict = found.verdict()
    assert (verdict.delivered, verdict.dead, verdict.waiting) == (0, 1, 1)
    assert not verdict.lost
    assert not verdict.duplicated
    assert found.missing() == {("/a", "1"), ("/b", "1")}


def test_a_delivery_in_two_places_is_duplicated() -> None:
    found = history()
    found.receive("/a", "1", "msg_a", b"one")
    found.bury("/a", "1", b"one")
    found.hold("/a", "1", b"one")
    found.bury("/b", "1", b"one")
    verdict = found.verdict()
    assert (verdict.delivered, verdict.dead, verdict.waiting) == (1, 1, 0)
    assert verdict.duplicated == {("/a", "1"): 2}
    assert verdict.duplicates == 2


def test_a_dead_letter_that_nobody_expected_or_with_other_bytes_shows() -> None:
    found = history()
    found.bury("/a", "1", b"two")
    found.bury("/c", "1", b"one")
    verdict = found.verdict()
    assert verdict.unexpected == {("/c", "1")}
    assert verdict.corrupted == {("/a", "1"), ("/c", "1")}


def test_a_wrong_signature_is_corruption() -> None:
    found = history()
    found.receive("/a", "1", "msg_a", b"one")
    found.distrust("/a", "1")
    assert found.verdict().corrupted == {("/a", "1")}


def test_the_order_in_which_events_came_first() -> None:
    found = history()
    for event_id in ("2", "1", "2"):
        found.receive("/a", event_id, "msg", b"one")
    found.receive("/b", "3", "msg", b"one")
    assert found.first_seen("/a") == ["2", "1"]
