"""The demonstration's chapter: a dozen movements on hand-made highway lines, invented from truck to surety."""

from otay.goods.transit.demo.feeding import step
from otay.goods.transit.demo.seeding import seed

__all__ = ["seed", "step"]
