"""The web server of a node: granian's WSGI threads, and the background inside the same process if wanted."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from multiprocessing import util as process_end
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from otay.node.config import NodeConfig
from otay.node.environment import BACKGROUND, WORKERS

logger = logging.getLogger(__name__)

STOP_WITHIN_SECONDS = 5
# Headers in full within ten seconds and 64 kB, or the connection is closed. Slow bodies: see deploy/nginx.conf.
HTTP1 = HTTP1Settings(header_read_timeout=10_000, max_buffer_size=64 * 1024)


def application() -> Callable[..., Any]:
    """Made in each worker process: the WSGI application, with the background beside it when the server said so."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "otay.web.settings")
    django.setup()
    from django.core.servers.basehttp import get_internal_wsgi_application

    made = get_internal_wsgi_application()
    if os.environ.get(BACKGROUND) == "1":
        from otay.node.loops import Runner

        runner = Runner()
        runner.start()
        # A worker process ends without the interpreter's own exit hooks; these it does run.
        process_end.Finalize(None, runner.stop, exitpriority=100)
    return made


def serve(
    node: NodeConfig, *, host: str, port: int, workers: int = 1, threads: int = 4, background: bool = True
) -> None:
    """Serve until SIGINT or SIGTERM. Worker processes inherit this one's environment."""
    os.environ["OTAY_HOME"] = str(node.home)
    os.environ[BACKGROUND] = "1" if background else "0"
    os.environ[WORKERS] = str(workers)
    if workers > 1:
        metrics_home = node.home / "run" / "metrics"
        metrics_home.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in metrics_home.glob("*.db"):
            left.unlink()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics_home)
    server = Granian(
        f"{__name__}:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        factory=True,
        websockets=False,
        http1_settings=HTTP1,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_WITHIN_SECONDS,
    )
    server.serve()
