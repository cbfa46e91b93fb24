"""Person, the user model, and Membership: in which role, for which agencies."""

import uuid
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from tenants.isolation.constraints import Granted
from tenants.states import Role


class PersonManager(BaseUserManager["Person"]):
    """Finds people by e-mail, whatever its case."""

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """For allauth; everything else goes through operations."""
        person = self.model(email=email.lower(), **fields)
        person.set_password(password)
        person.save()
        return person


class Person(AbstractBaseUser):
    """Someone who signs in. People are never deleted, only deactivated."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=60, default="UTC")
    theme = models.CharField(max_length=10, default="system", choices=[("system", "System"), ("light", "Light"), ("dark", "Dark")])
    single_keys = models.BooleanField(default=True)
    active_agency = models.ForeignKey("tenants.Agency", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    sessions_valid_from = models.DateTimeField(null=True, blank=True)  # sessions begun earlier are over
    created_at = models.DateTimeField()

    objects = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name_plural = "people"
        constraints = [
            Granted(
                name="person_granted",
                rights={"soc_lobby": "SELECT, UPDATE", "soc_tenant": "SELECT", "soc_central": "SELECT, INSERT, UPDATE"},
                audited=True,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        """Two letters for the badge."""
        parts = [p for p in self.name.split() if p]
        return "".join(p[0] for p in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)).upper() or "?"

    # Django's permission framework is not used; allauth asks these.
    is_staff = False
    is_superuser = False

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class Membership(models.Model):
    """One role of one person, for one agency or (agency empty) for the whole programme."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    agency = models.ForeignKey("tenants.Agency", null=True, blank=True, on_delete=models.PROTECT, related_name="memberships")
    granted_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role", "agency"], condition=models.Q(ended_at=None), nulls_distinct=False, name="membership_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(role="liaison") | models.Q(agency__isnull=False), name="membership_liaison_has_agency"
            ),
            models.CheckConstraint(
                condition=~models.Q(role__in=["admin", "auditor"]) | models.Q(agency__isnull=True), name="membership_programme_wide"
            ),
            Granted(
                name="membership_granted",
                rights={"soc_lobby": "SELECT", "soc_tenant": "SELECT", "soc_central": "SELECT, INSERT, UPDATE"},
                audited=True,
            ),
        ]
