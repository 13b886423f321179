"""Where numba is not installed everything runs, and gives the same answers."""

import json
import subprocess
import sys

from otay.engines.queueing import make_scenario, read_scenario, simulate
from otay.engines.queueing.scenario import Scenario

PLAIN = """
import sys
sys.modules["numba"] = None
from otay.engines import queueing
from otay.engines.compiling import COMPILED
assert not COMPILED
scenario = queueing.read_scenario(sys.stdin.read())
import json
print(json.dumps(queueing.simulate(scenario, 2, band=False).as_dict()))
"""


def scenario(lanes: list[str]) -> Scenario:
    traffic = {
        "name": "cars",
        "lanes": lanes,
        "arrivals": {"kind": "profile", "monthly": {"2023-07": 15_000}},
        "service": {"mean_seconds": 90},
    }
    raw = {"name": "x", "start": "2023-07-03", "days": 1, "warm_up_days": 0, "traffic": [traffic]}
    return make_scenario(raw | {"lanes": [{"name": name} for name in lanes]})


def test_plain_python_gives_the_same_by_recursion_and_by_events() -> None:
    for lanes in (["one"], ["one", "two"]):
        text = scenario(lanes).model_dump_json(by_alias=True)
        run = subprocess.run([sys.executable, "-c", PLAIN], input=text, capture_output=True, text=True, check=True)
        assert json.loads(run.stdout) == simulate(read_scenario(text), 2, band=False).as_dict()
