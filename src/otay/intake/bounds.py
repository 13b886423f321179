"""What the door takes at most. Each bound is answered by name, with its value, when something is over it."""

from __future__ import annotations

MESSAGE_BYTES = 16 * 1024 * 1024
"""Bytes of one message, after any decompression."""

BATCH_ITEMS = 10_000
"""Messages in one batch request."""

BATCH_BYTES = 64 * 1024 * 1024
"""Bytes of one batch request, after decompression."""

TOGETHER = 500
"""Messages stored, and then applied, in one transaction."""

INLINE_BYTES = 64 * 1024
"""Larger messages are kept as files, so that the database stays small."""

REFERENCE_LENGTH = 70
"""Characters of a sender's reference."""

FORMAT_LENGTH = 40
"""Characters of a format's name."""

NAME_LENGTH = 120
"""Characters kept of a file's name."""

ATTEMPTS = 10
"""Starts of one message after which the door gives up: the process died each time. So many that a node which is killed
again and again for reasons of its own does not come to blame a message: with 5, one in 15,000 was, in 508 kills."""
