"""Which of several processes does a piece of background work: a row says so, for a few seconds at a time.

Leases run on real time, also where the node's clock is a played one.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from otay.node.clock import real_now
from otay.node.models import Lease

LENGTH = timedelta(seconds=10)
RENEW_EVERY_SECONDS = 3.0


class Holder:
    """The leases that this process holds. ``hold`` asks, ``renew`` keeps, ``release`` lets go."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._until: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def hold(self, name: str) -> bool:
        """True if this process holds ``name`` (taking it when it is free)."""
        with self._lock:
            until = self._until.get(name)
        return (until is not None and until > real_now()) or self._take(name)

    def renew(self) -> None:
        """Keep what is held; what was lost meanwhile is held no more."""
        with self._lock:
            names = list(self._until)
        for name in names:
            self._take(name)

    def release(self) -> None:
        """Let go of everything, so that another process need not wait."""
        with self._lock:
            self._until.clear()
        Lease.objects.filter(holder=self.name).update(until=real_now(), holder="")

    def _take(self, name: str) -> bool:
        now = real_now()
        until = now + LENGTH
        taken = Lease.objects.filter(Q(until__lte=now) | Q(holder=self.name), name=name).update(
            holder=self.name, until=until
        )
        taken = taken or self._take_over(name, until) or self._create(name, until)
        with self._lock:
            if taken:
                self._until[name] = until
            else:
                self._until.pop(name, None)
        return bool(taken)

    def _take_over(self, name: str, until: datetime) -> bool:
        """Take a lease whose holder was a process of this machine that is no more."""
        holder = Lease.objects.filter(name=name).values_list("holder", flat=True).first()
        if not holder or not is_gone(holder):
            return False
        return bool(Lease.objects.filter(name=name, holder=holder).update(holder=self.name, until=until))

    def _create(self, name: str, until: datetime) -> bool:
        if Lease.objects.filter(name=name).exists():
            return False
        try:
            with transaction.atomic():
                Lease.objects.create(name=name, holder=self.name, until=until)
        except IntegrityError:
            return False
        return True


def is_gone(holder: str) -> bool:
    """True if ``holder`` (``host:pid:random``) ran on this machine and does not run any more."""
    host, _, rest = holder.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def alive(names: list[str]) -> dict[str, bool]:
    """For each of ``names``: whether some process holds it now. One query."""
    held = set(Lease.objects.filter(name__in=names, until__gt=real_now()).values_list("name", flat=True))
    return {name: name in held for name in names}
