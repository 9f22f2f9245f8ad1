"""The feeds named in the settings: found by entry point, made in their order, and those that cannot be used told."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from random import Random

import aiohttp

from server.config import ConfigError, Settings
from server.feeds.base import FeedStatus
from server.feeds.values import Unavailable
from server.feeds.vendor import ENTRY_POINTS, Make, Vendor, VendorTools
from server.runtime.clock import Clock

WEBHOOK = "webhook"
"""The feed of prices and bars that senders state in their bodies; it needs no key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFeeds:
    """The vendors in order of preference, and the state of each feed that has none. ``webhook``: it was named."""

    vendors: tuple[Vendor, ...] = ()
    unusable: tuple[FeedStatus, ...] = ()
    webhook: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """Return one line for each feed that cannot be used, for the start."""
        return tuple(f"feed {each.name}: {each.detail}" for each in self.unusable)


def check_names(names: tuple[str, ...]) -> None:
    """Raise ConfigError if a feed's name is not known; the message lists those that are."""
    if not names or names == (WEBHOOK,):
        return  # no look at the installed packages: it takes time at each start
    known = _installed()
    for name in names:
        if name != WEBHOOK and name not in known:
            near = difflib.get_close_matches(name, [*known, WEBHOOK], 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            listed = ", ".join(sorted([*known, WEBHOOK]))
            raise ConfigError(f"feeds: no feed is named {name}{hint} Known are {listed}.")


def open_feeds(
    settings: Settings,
    session: aiohttp.ClientSession,
    clock: Clock,
    *,
    environment: Mapping[str, str] = os.environ,
    random: Random | None = None,
) -> OpenFeeds:
    """Make the vendors of the settings' feeds. Raises ConfigError for a name that is not known.

    A vendor without its key, or that cannot be loaded, is told as unusable; the deck runs on the others.
    """
    check_names(settings.feeds)
    known = _installed() if set(settings.feeds) - {WEBHOOK} else {}
    vendors, unusable = list[Vendor](), list[FeedStatus]()
    for name in (name for name in settings.feeds if name != WEBHOOK):
        tools = VendorTools(
            session=session,
            settings=settings,
            environment=environment,
            clock=clock,
            random=random if random is not None else Random(),
        )
        try:
            make: Make = known[name].load()
            made = make(tools)
        except Exception as error:
            # A faulty package of somebody else must not keep the deck from starting.
            text = f"cannot be loaded ({type(error).__name__}: {error})"
            unusable.append(FeedStatus(name=name, state="DOWN", detail=text))
            continue
        if isinstance(made, Unavailable):
            unusable.append(FeedStatus(name=name, state=str(made.fault), detail=made.text))
        else:
            vendors.append(made)
    return OpenFeeds(vendors=tuple(vendors), unusable=tuple(unusable), webhook=WEBHOOK in settings.feeds)


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}
