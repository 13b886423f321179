"""The operator's guide, followed to the letter on two hosts: network namespaces with a wire between them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
GUIDES = {language: ROOT / "docs" / language / "howto" / "operate-two-nodes.md" for language in ("en", "es")}
BLOCK = re.compile(r"^% (on|starts) (us|mx|both)\n```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESSES = {"us": "10.77.0.1", "mx": "10.77.0.2"}


@dataclass(frozen=True)
class Step:
    """One block of the guide."""

    kind: str
    where: str
    text: str


def steps(language: str) -> list[Step]:
    return [Step(*found) for found in BLOCK.findall(GUIDES[language].read_text(encoding="utf-8"))]


def test_both_languages_have_the_same_commands_and_every_block_says_where_it_is_run():
    assert steps("en") == steps("es")
    for guide in GUIDES.values():
        text = guide.read_text(encoding="utf-8")
        assert text.count("```sh\n") == len(BLOCK.findall(text))


def root(*command: str, **more: object) -> subprocess.CompletedProcess:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    return subprocess.run([*sudo, *command], check=True, **more)


class Hosts:
    """Two hosts that reach one another and nothing else, each with a folder of its own at /srv."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen] = []
        hosts = "127.0.0.1 localhost\n" + "".join(f"{at} otay.{name}.example\n" for name, at in ADDRESSES.items())
        (folder / "courier").mkdir()
        for name in ADDRESSES:
            (folder / name).mkdir()
            root("ip", "netns", "add", f"otay-{name}")
            root("mkdir", "-p", f"/etc/netns/otay-{name}")
            root("tee", f"/etc/netns/otay-{name}/hosts", input=hosts.encode(), stdout=subprocess.DEVNULL)
            root("ip", "-n", f"otay-{name}", "link", "set", "lo", "up")
        root("ip", "link", "add", "us0", "netns", "otay-us", "type", "veth", "peer", "name", "mx0", "netns", "otay-mx")
        for name, at in ADDRESSES.items():
            root("ip", "-n", f"otay-{name}", "addr", "add", f"{at}/24", "dev", f"{name}0")
            root("ip", "-n", f"otay-{name}", "link", "set", f"{name}0", "up")

    def command(self, name: str, text: str) -> list[str]:
        """``text`` as it is run on a host: its name, its /srv, and the courier's folder."""
        inside = (
            f"set -e; hostname otay.{name}.example; mount --bind {self.folder / name} /srv; mkdir -p /media/courier; "
            f"mount --bind {self.folder / 'courier'} /media/courier; "
            f"export PATH={Path(sys.executable).parent}:$PATH; {text}"
        )
        sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
        return [*sudo, "ip", "netns", "exec", f"otay-{name}", "unshare", "--uts", "--", "bash", "-c", inside]

    def run(self, name: str, text: str) -> str:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("OTAY_", "DJANGO_"))}
        done = subprocess.run(
            self.command(name, text), capture_output=True, text=True, timeout=180, env=environment, check=False
        )
        assert done.returncode == 0, f"on {name}:\n{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def start(self, name: str, text: str) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("OTAY_", "DJANGO_"))}
        self.running.append(subprocess.Popen(self.command(name, f"exec {text}"), env=environment))
        for _ in range(300):
            up = self.command(
                name, 'curl -sf -o /dev/null http://127.0.0.1:8000/api/v1/ready -H "Host: $(hostname -f)"'
            )
            if subprocess.run(up, check=False, capture_output=True).returncode == 0:
                return
            time.sleep(0.3)
        raise AssertionError(f"the node on {name} does not answer")

    def close(self) -> None:
        for one in self.running:
            one.terminate()
        for one in self.running:
            one.wait(30)
        for name in ADDRESSES:
            subprocess.run(["ip", "netns", "del", f"otay-{name}"], check=False)
            shutil.rmtree(f"/etc/netns/otay-{name}", ignore_errors=True)


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    for program in ("ip", "unshare", "mount", "curl"):
        assert shutil.which(program), f"{program} is missing: apt-get install iproute2 util-linux mount curl"
    made = Hosts(tmp_path)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_guide_works_as_it_stands(hosts: Hosts):
    for step in steps("en"):
        for name in ("us", "mx") if step.where == "both" else (step.where,):
            if step.kind == "starts":
                hosts.start(name, step.text.strip())
            else:
                hosts.run(name, step.text)
    # The change of the key went into the chain: to Mexico over the wire, and its receipt came back.
    for _ in range(100):
        peer = json.loads(hosts.run("us", "otay exchange status --home /srv/otay --json"))["peers"][0]
        if peer["sent"] and peer["receipted"] == peer["sent"]:
            break
        time.sleep(1)
    assert (peer["receipted"], peer["state"], peer["problem"], peer["alarm"]) == (1, "up", "", "")
    key = json.loads((hosts.folder / "courier" / "us.json").read_text())["identity"]["key"]
    hosts.run("us", "otay exchange identity --home /srv/otay --out /srv/new.json")
    assert json.loads((hosts.folder / "us" / "new.json").read_text())["identity"]["key"] != key
