"""Agency: the tenant, and whom to call there."""

from django.db import models

from tenants.isolation.constraints import Granted, Wall
from tenants.isolation.owned import Owned
from tenants.states import AgencyKind, AgencyState, SizeClass


class Agency(models.Model):
    """One agency of the programme, from prospective to exited."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    acronym = models.CharField(max_length=20)
    kind = models.CharField(max_length=30, choices=AgencyKind, default=AgencyKind.FEDERAL_CIVILIAN)
    size_class = models.CharField(max_length=20, choices=SizeClass, default=SizeClass.SMALL)
    state = models.CharField(max_length=20, choices=AgencyState, default=AgencyState.PROSPECTIVE)
    cfo_act = models.BooleanField(default=False)
    time_zone = models.CharField(max_length=60, default="America/New_York")
    invented = models.BooleanField(default=False)  # simulated, not a real agency
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name_plural = "agencies"
        constraints = [
            Granted(
                name="agency_granted",
                rights={"soc_lobby": "SELECT", "soc_tenant": "SELECT", "soc_central": "SELECT, INSERT, UPDATE"},
                audited=True,
            ),
        ]

    def __str__(self) -> str:
        return self.acronym


class CallTreeContact(Owned):
    """Whom to call at an agency, in order, by day and out of hours."""

    name = models.CharField(max_length=120)
    title = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=40)
    email = models.EmailField(blank=True)
    order = models.PositiveSmallIntegerField(default=1)
    out_of_hours = models.BooleanField(default=False)

    class Meta:
        ordering = ["order", "id"]
        constraints = [Wall(name="calltree_wall", rights="SELECT, INSERT, UPDATE, DELETE")]
