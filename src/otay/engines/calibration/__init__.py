"""Fit a scenario to waits that were observed. In a notebook::

    from otay.engines import calibration

    found = calibration.fit(scenario, "general", [calibration.Observation(hour=8.5, minutes=42.0), ...])
    found.scenario, found.parameters, found.directions

Pure; times are minutes, hours are hours of the week from Monday 00:00 local time.
"""

from otay.engines.calibration.fitting import Fit, Parameter, fit, profile
from otay.engines.calibration.identifying import Direction
from otay.engines.calibration.observations import Observation

__all__ = ["Direction", "Fit", "Observation", "Parameter", "fit", "profile"]
