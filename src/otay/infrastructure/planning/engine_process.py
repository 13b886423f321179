"""The engine process: reads requests, one a line of JSON, from its input and answers on its output.

    python -m otay.infrastructure.planning.engine_process

It ends when its input closes (also in the middle of a request: whoever asked is gone) or when nobody has asked for a
while. Whoever wants a request stopped ends the process.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import traceback
from typing import Any, BinaryIO

from otay.infrastructure.planning.engine import answer

IDLE_SECONDS = 600.0


def _read(requests: BinaryIO, waiting: queue.Queue[bytes]) -> None:
    for line in requests:
        waiting.put(line)
    os._exit(0)


def serve(requests: BinaryIO, answers: BinaryIO, idle: float = IDLE_SECONDS) -> None:
    """Answer until the input closes or ``idle`` seconds pass without a request."""
    lock = threading.Lock()
    waiting: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read, args=(requests, waiting), daemon=True).start()

    def tell(told: dict[str, Any]) -> None:
        with lock:
            answers.write(json.dumps(told).encode("utf-8") + b"\n")
            answers.flush()

    while True:
        try:
            line = waiting.get(timeout=idle)
        except queue.Empty:
            return
        try:
            tell(answer(json.loads(line), tell))
        except Exception:
            tell({"failed": traceback.format_exc(limit=-4)})


def main() -> None:
    """Serve on the standard streams; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
