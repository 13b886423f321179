"""What became of declarations: findings, duty, penalties. Rows are only added."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from otay.goods.declarations.models import Declaration


class OutcomeEvent(models.Model):
    """Something found about a declaration after its inspection: ``at`` when, ``recorded_at`` when this node knew."""

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="outcomes")
    kind = models.CharField(max_length=10)
    fraud = models.CharField(_("kind of irregularity"), max_length=20, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=64)
    amount = models.DecimalField(_("amount"), max_digits=19, decimal_places=3, null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    case = models.CharField(_("case"), max_length=24, blank=True)
    remarks = models.CharField(max_length=2000, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | ~models.Q(currency=""), name="outcome_amount_has_a_currency"
            )
        ]
