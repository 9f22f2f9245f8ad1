"""Subscriptions of Alpaca's streams: one request at a time, and only what the plan allows."""

from __future__ import annotations

from typing import Any

import pytest

from server.feeds.alpaca_subscriptions import Subscriptions

CHANNELS = ("trades", "quotes")


class Server:
    """Answers requests as Alpaca does: whole lists, or an error that leaves everything as it was."""

    def __init__(self, most: int = 1000, bad: str = "", without: str = "", deaf: str = "") -> None:
        self.most, self.bad, self.without, self.deaf = most, bad, without, deaf
        self.lists: dict[str, set[str]] = {"trades": set(), "quotes": set(), "statuses": set()}
        self.asked: list[Any] = []

    def answer(self, message: Any) -> int | dict[str, Any]:
        self.asked.append(message)
        named = {name: set(symbols) for name, symbols in message.items() if name != "action"}
        if message["action"] == "unsubscribe":
            for name, symbols in named.items():
                self.lists[name] -= symbols
        else:
            if any(self.bad in symbols for symbols in named.values()):
                return 400
            if self.without in named:
                return 410
            if any(len(self.lists[name] | symbols) > self.most for name, symbols in named.items()):
                return 405
            for name, symbols in named.items():
                self.lists[name] |= symbols - {self.deaf}
        return {name: sorted(symbols) for name, symbols in self.lists.items()}


def settle(subscriptions: Subscriptions, server: Server) -> None:
    for _ in range(200):
        message = subscriptions.next_message()
        if message is None:
            break
        assert subscriptions.next_message() is None and subscriptions.waiting
        answer = server.answer(message)
        if isinstance(answer, int):
            assert subscriptions.refused(answer)
        else:
            subscriptions.acknowledged(answer)
    assert not subscriptions.waiting


def made(*symbols: str) -> Subscriptions:
    found = Subscriptions(CHANNELS, ("statuses",))
    found.want(symbols)
    return found


def test_all_is_subscribed_in_two_requests() -> None:
    subscriptions, server = made("SPY", "AAPL"), Server()
    settle(subscriptions, server)
    assert all(symbols == {"SPY", "AAPL"} for symbols in server.lists.values())
    assert subscriptions.missing == () and len(server.asked) == 2


def test_a_change_asks_only_for_the_difference() -> None:
    subscriptions, server = made("SPY", "AAPL"), Server()
    settle(subscriptions, server)
    server.asked.clear()
    subscriptions.want(["AAPL", "QQQ"])
    settle(subscriptions, server)
    assert [(m["action"], m.get("trades")) for m in server.asked] == [
        ("unsubscribe", ["SPY"]), ("subscribe", ["QQQ"]), ("subscribe", None)]  # fmt: skip
    assert all(symbols == {"QQQ", "AAPL"} for symbols in server.lists.values())


@pytest.mark.parametrize("most", [1, 3, 30, 49])
def test_the_most_important_symbols_get_the_places_of_the_plan(most: int) -> None:
    names = [f"S{n:02d}" for n in range(50)]
    subscriptions, server = made(*names), Server(most=most)
    settle(subscriptions, server)
    assert server.lists["trades"] == set(names[:most]) and subscriptions.missing == tuple(names[most:])
    assert len(server.asked) < 20
    subscriptions.want(names[:most])
    settle(subscriptions, server)
    assert subscriptions.missing == ()


def test_a_symbol_that_is_no_symbol_does_not_keep_the_others_out() -> None:
    subscriptions, server = made("SPY", "B?D", "AAPL", "QQQ"), Server(bad="B?D")
    settle(subscriptions, server)
    assert server.lists["trades"] == {"SPY", "AAPL", "QQQ"} and subscriptions.missing == ("B?D",)


def test_a_symbol_that_is_silently_left_out_is_not_asked_for_for_ever() -> None:
    subscriptions, server = made("SPY", "DEAF"), Server(deaf="DEAF")
    settle(subscriptions, server)
    assert subscriptions.missing == ("DEAF",)


def test_a_channel_that_the_feed_does_not_have_is_done_without() -> None:
    subscriptions, server = made("SPY"), Server(without="statuses")
    settle(subscriptions, server)
    assert subscriptions.missing == () and server.lists["statuses"] == set()


def test_a_new_connection_is_asked_for_everything_again() -> None:
    subscriptions = made("SPY", "AAPL")
    settle(subscriptions, Server())
    subscriptions.reset()
    server = Server()
    settle(subscriptions, server)
    assert server.lists["quotes"] == {"SPY", "AAPL"}


def test_an_error_that_answers_no_request_is_not_dealt_with() -> None:
    subscriptions = made("SPY")
    assert not subscriptions.refused(405)
    subscriptions.next_message()
    assert not subscriptions.refused(500)
