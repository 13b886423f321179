"""The watched folder: ``HOME/inbox/<client key>/``. A file put there is a message of that client.

A file counts once it is complete: renamed into place (names that start with a dot or end like an unfinished transfer
are left alone), and unchanged between two looks. It is then received, its answer written beside the place it moves to,
and moved to ``done/`` or ``refused/``. A crash between two of these steps repeats them, which changes nothing: the door
knows the message by its bytes.
"""

from __future__ import annotations

import json
import logging
import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from otay.core.findings import Finding
from otay.intake import bounds, domain, services
from otay.intake.incoming import Incoming, Receipt
from otay.intake.models import Channel
from otay.intake.registry import State
from otay.node.accounts import actor_by_key
from otay.node.actors import SYSTEM, Actor

log = logging.getLogger(__name__)

UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".swp", "~")
AT_ONCE = 50
SECONDS_BETWEEN_LOOKS = 1.0


def inbox() -> Path:
    """Where the clients' folders are."""
    return Path(settings.OTAY.home) / "inbox"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a file looked like: a change of any of these means that somebody still writes."""

    inode: int
    size: int
    changed: int


@dataclass(slots=True)
class Watch:
    """Looks again and again; ``seen`` is what the last look saw."""

    seen: dict[Path, _Seen] = field(default_factory=dict)

    def step(self) -> float:
        """Take the files that are complete; returns the seconds until the next look."""
        now = dict(_files())
        complete = [path for path, look in now.items() if self.seen.get(path) == look]
        self.seen = now
        by_client: dict[str, list[Path]] = defaultdict(list)
        for path in sorted(complete)[: AT_ONCE + 1]:
            by_client[path.parent.name].append(path)
        for client, paths in by_client.items():
            take(client, paths[:AT_ONCE])
        return 0.0 if len(complete) > AT_ONCE else SECONDS_BETWEEN_LOOKS


def _files() -> Iterator[tuple[Path, _Seen]]:
    """Regular files in the clients' folders; a symbolic link is not one, wherever it points."""
    try:
        clients = [entry for entry in os.scandir(inbox()) if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return
    for client in clients:
        for entry in os.scandir(client.path):
            if entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED):
                continue
            try:
                look = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISREG(look.st_mode):
                yield Path(entry.path), _Seen(look.st_ino, look.st_size, look.st_mtime_ns)


def take(client: str, paths: Sequence[Path]) -> None:
    """Receive the files ``paths`` of ``client`` and put each where its answer says."""
    sender = actor_by_key(f"client:{client}")
    if sender is None or not sender.may("intake.submit"):
        log.warning("inbox/%s holds files, but no client of that key may send; they stay", client)
        return
    kept: dict[Path, Incoming] = {}
    for path in paths:
        try:
            item = _read(path)
        except FileNotFoundError:
            continue
        if isinstance(item, Incoming):
            kept[path] = item
        else:
            _put_away(path, "refused", f"0-{path.name}", {"findings": [item.as_dict(sender.language)]})
    receipts = services.receive(actor=SYSTEM, sender=sender, items=list(kept.values()), channel=Channel.FOLDER)
    for path, receipt in zip(kept, receipts, strict=True):
        if receipt.state is not State.RECEIVED:  # else it stays: the next look asks again
            _answer(sender, path, receipt)


def _read(path: Path) -> Incoming | Finding:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        raw = file.read(bounds.MESSAGE_BYTES + 1)
        if len(raw) > bounds.MESSAGE_BYTES:
            return domain.too_large(os.fstat(file.fileno()).st_size)
    return Incoming(raw, name=path.name)


def _answer(sender: Actor, path: Path, receipt: Receipt) -> None:
    end = "refused" if receipt.state is State.REFUSED else "done"
    answer = {
        "message": receipt.id,
        "reference": receipt.reference,
        "state": str(receipt.state),
        "duplicate": receipt.duplicate,
        "findings": [finding.as_dict(sender.language) for finding in receipt.findings],
        "answer": receipt.answer,
        "subjects": list(receipt.subjects),
    }
    _put_away(path, end, f"{receipt.id}-{path.name}", answer)


def _put_away(path: Path, end: str, name: str, answer: dict[str, object]) -> None:
    """The answer first, then the file: a file that has moved has its answer beside it."""
    folder = path.parent / end
    folder.mkdir(exist_ok=True, mode=0o770)
    partial = folder / f".{name[:200]}.partial"
    partial.write_text(json.dumps(answer, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    partial.replace(folder / f"{name[:200]}.findings.json")
    with suppress(FileNotFoundError):  # another process of this node has just moved it
        path.replace(folder / name[:200])
