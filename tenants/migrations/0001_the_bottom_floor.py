"""Agencies, people, keys, the journal, the audit table, and the functions that write it."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenants.isolation.constraints
from tenants.isolation.functions import AUDIT_NOTE, AUDIT_ROW, owned_by


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(AUDIT_ROW + owned_by("audit_row()", "soc_audit", callable_by=("soc_owner",)), "DROP FUNCTION audit_row()"),
        migrations.CreateModel(
            name="Agency",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("acronym", models.CharField(max_length=20)),
                (
                    "kind",
                    models.CharField(
                        choices=[("federal_civilian", "Federal civilian agency"), ("defense_contractor", "Defense contractor")],
                        default="federal_civilian",
                        max_length=30,
                    ),
                ),
                (
                    "size_class",
                    models.CharField(
                        choices=[("cfo_act", "CFO Act"), ("small", "Small"), ("micro", "Micro")], default="small", max_length=20
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("prospective", "Prospective"),
                            ("onboarding", "Onboarding"),
                            ("parallel", "Parallel run"),
                            ("live", "Live"),
                            ("exited", "Exited"),
                        ],
                        default="prospective",
                        max_length=20,
                    ),
                ),
                ("cfo_act", models.BooleanField(default=False)),
                ("time_zone", models.CharField(default="America/New_York", max_length=60)),
                ("invented", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("version", models.PositiveIntegerField(default=1)),
            ],
            options={
                "verbose_name_plural": "agencies",
                "constraints": [
                    tenants.isolation.constraints.Granted(
                        audited=True,
                        name="agency_granted",
                        rights={"soc_central": "SELECT, INSERT, UPDATE", "soc_lobby": "SELECT", "soc_tenant": "SELECT"},
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("public_id", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("email", models.EmailField(max_length=254, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("is_active", models.BooleanField(default=True)),
                ("time_zone", models.CharField(default="UTC", max_length=60)),
                (
                    "theme",
                    models.CharField(choices=[("system", "System"), ("light", "Light"), ("dark", "Dark")], default="system", max_length=10),
                ),
                ("single_keys", models.BooleanField(default=True)),
                ("sessions_valid_from", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "active_agency",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="tenants.agency"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "people",
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(default="token", max_length=80)),
                ("prefix", models.CharField(max_length=16, unique=True)),
                ("digest", models.BinaryField(max_length=32)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="tokens", to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("agency_id", models.BigIntegerField(null=True)),
                ("actor", models.CharField(max_length=120)),
                ("what", models.CharField(max_length=20)),
                ("table_name", models.CharField(default="", max_length=80)),
                ("row_id", models.CharField(default="", max_length=80)),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("note", models.TextField(default="")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["agency_id", "id"], name="audit_agency"),
                    models.Index(fields=["table_name", "row_id"], name="audit_row"),
                ],
                "constraints": [
                    tenants.isolation.constraints.Granted(audited=False, name="audit_granted", rights={"soc_central": "SELECT"})
                ],
            },
        ),
        migrations.CreateModel(
            name="CallTreeContact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("title", models.CharField(blank=True, max_length=120)),
                ("phone", models.CharField(max_length=40)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("order", models.PositiveSmallIntegerField(default=1)),
                ("out_of_hours", models.BooleanField(default=False)),
                ("agency", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.agency")),
            ],
            options={
                "ordering": ["order", "id"],
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=80)),
                ("subject", models.CharField(max_length=80)),
                ("data", models.JSONField()),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=120)),
                ("actor_label", models.CharField(default="", max_length=120)),
                (
                    "agency",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.agency"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subscriber", models.CharField(max_length=120)),
                ("subject", models.CharField(max_length=80)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("done", "Done"), ("parked", "Parked"), ("skipped", "Skipped by a person")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                ("error", models.TextField(default="")),
                (
                    "agency",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.agency"),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="tenants.entry"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("analyst", "Analyst"),
                            ("watch_lead", "Watch lead"),
                            ("admin", "Admin"),
                            ("liaison", "Liaison"),
                            ("auditor", "Auditor"),
                        ],
                        max_length=20,
                    ),
                ),
                ("granted_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agency",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to="tenants.agency"
                    ),
                ),
                (
                    "granted_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="memberships", to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RememberedAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("caller", models.CharField(max_length=120)),
                ("key", models.CharField(max_length=200)),
                ("route", models.CharField(max_length=300)),
                ("fingerprint", models.BinaryField(max_length=32)),
                ("status", models.PositiveSmallIntegerField(default=0)),
                ("body", models.JSONField(null=True)),
                ("at", models.DateTimeField()),
                (
                    "agency",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.agency"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stream", models.CharField(max_length=10)),
                ("first_id", models.BigIntegerField()),
                ("last_id", models.BigIntegerField()),
                ("count", models.PositiveIntegerField()),
                ("root", models.BinaryField(max_length=32)),
                ("chained", models.BinaryField(max_length=32)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("stream", "first_id"), name="seal_stream_first"),
                    tenants.isolation.constraints.Granted(audited=False, name="seal_granted", rights={"soc_central": "SELECT, INSERT"}),
                ],
            },
        ),
        migrations.CreateModel(
            name="AnchorMark",
            fields=[
                ("place", models.CharField(max_length=10, primary_key=True, serialize=False)),
                ("seal_id", models.BigIntegerField(default=0)),
                ("tried_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    tenants.isolation.constraints.Granted(
                        audited=False, name="anchormark_granted", rights={"soc_central": "SELECT, INSERT, UPDATE"}
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SensorKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("prefix", models.CharField(max_length=16, unique=True)),
                ("digest", models.BinaryField(max_length=32)),
                ("scopes", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("agency", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.agency")),
            ],
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=tenants.isolation.constraints.Granted(
                audited=True,
                name="person_granted",
                rights={"soc_central": "SELECT, INSERT, UPDATE", "soc_lobby": "SELECT, UPDATE", "soc_tenant": "SELECT"},
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=tenants.isolation.constraints.Granted(
                audited=True, name="apitoken_granted", rights={"soc_central": "SELECT, INSERT, UPDATE", "soc_lobby": "SELECT"}
            ),
        ),
        migrations.AddConstraint(
            model_name="calltreecontact",
            constraint=tenants.isolation.constraints.Wall(audited=True, name="calltree_wall", rights="SELECT, INSERT, UPDATE, DELETE"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["agency", "subject", "id"], name="entry_agency_subject"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["agency", "kind", "id"], name="entry_agency_kind"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(fields=("agency", "id"), name="entry_agency_id"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=tenants.isolation.constraints.Wall(audited=False, name="entry_wall", rights="SELECT, INSERT"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=models.Q(("state", "open")), fields=["agency", "due_at"], name="delivery_open"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["open", "parked"])),
                fields=["agency", "subscriber", "subject", "id"],
                name="delivery_order",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=models.Q(("state", "parked")), fields=["agency", "id"], name="delivery_parked"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("entry", "subscriber"), name="delivery_once"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=tenants.isolation.constraints.CompositeForeignKey(
                field="entry", name="delivery_entry_fk", on_delete="", to="tenants.Entry"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=tenants.isolation.constraints.Wall(audited=False, name="delivery_wall", rights="SELECT, INSERT, UPDATE"),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("person", "role", "agency"), name="membership_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("role", "liaison"), _negated=True), ("agency__isnull", False), _connector="OR"),
                name="membership_liaison_has_agency",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("role__in", ["admin", "auditor"]), _negated=True), ("agency__isnull", True), _connector="OR"),
                name="membership_programme_wide",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=tenants.isolation.constraints.Granted(
                audited=True,
                name="membership_granted",
                rights={"soc_central": "SELECT, INSERT, UPDATE", "soc_lobby": "SELECT", "soc_tenant": "SELECT"},
            ),
        ),
        migrations.AddConstraint(
            model_name="rememberedanswer",
            constraint=models.UniqueConstraint(fields=("caller", "key"), name="remembered_once"),
        ),
        migrations.AddConstraint(
            model_name="rememberedanswer",
            constraint=tenants.isolation.constraints.Wall(audited=False, name="remembered_wall", rights="SELECT, INSERT, UPDATE"),
        ),
        migrations.AddIndex(
            model_name="sensorkey",
            index=models.Index(fields=["agency", "name"], name="sensorkey_agency_name"),
        ),
        migrations.AddConstraint(
            model_name="sensorkey",
            constraint=models.UniqueConstraint(fields=("agency", "id"), name="sensorkey_agency_id"),
        ),
        migrations.AddConstraint(
            model_name="sensorkey",
            constraint=tenants.isolation.constraints.Granted(
                audited=True,
                name="sensorkey_granted",
                rights={"soc_central": "SELECT, INSERT, UPDATE", "soc_lobby": "SELECT", "soc_tenant": "SELECT"},
            ),
        ),
        migrations.RunSQL(
            AUDIT_NOTE + owned_by("audit_note(text, bigint, text)", "soc_audit") + "GRANT INSERT ON tenants_auditrow TO soc_audit;",
            "DROP FUNCTION audit_note(text, bigint, text)",
        ),
    ]
