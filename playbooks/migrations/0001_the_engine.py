"""Tables of books, runs, approvals and connectors."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenants.isolation.constraints


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenants', '0002_rights_before_sign_in'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Book',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=60, unique=True)),
                ('name', models.CharField(max_length=160)),
                ('description', models.TextField(default='')),
                ('cacao_id', models.CharField(max_length=60, unique=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'constraints': [tenants.isolation.constraints.Granted(audited=True, name='book_granted', rights={'soc_central': 'SELECT, INSERT, UPDATE', 'soc_tenant': 'SELECT'})],
            },
        ),
        migrations.CreateModel(
            name='Signer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('key_id', models.CharField(max_length=64, unique=True)),
                ('thumbprint', models.CharField(max_length=43, unique=True)),
                ('pem', models.TextField()),
                ('valid_from', models.DateTimeField(null=True)),
                ('valid_until', models.DateTimeField(null=True)),
                ('added_at', models.DateTimeField()),
                ('added_by', models.CharField(max_length=120)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('revoked_by', models.CharField(blank=True, default='', max_length=120)),
                ('revoked_why', models.TextField(blank=True, default='')),
            ],
            options={
                'constraints': [tenants.isolation.constraints.Granted(audited=True, name='signer_granted', rights={'soc_central': 'SELECT, INSERT, UPDATE', 'soc_tenant': 'SELECT'})],
            },
        ),
        migrations.CreateModel(
            name='SignaturePolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('require', models.CharField(choices=[('none', 'No signature'), ('valid', 'A sound signature'), ('trusted', 'A signature of a trusted signer')], default='none', max_length=10)),
                ('changed_at', models.DateTimeField()),
                ('changed_by', models.CharField(max_length=120)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agency',), name='signaturepolicy_once'), tenants.isolation.constraints.Wall(audited=True, name='signaturepolicy_wall', rights='SELECT, INSERT, UPDATE')],
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('version_hash', models.CharField(max_length=64)),
                ('subject', models.CharField(max_length=80)),
                ('why', models.TextField()),
                ('started_by', models.CharField(max_length=120)),
                ('started_by_label', models.CharField(max_length=120)),
                ('state', models.CharField(choices=[('ready', 'Ready'), ('running', 'Running'), ('waiting', 'Waiting'), ('done', 'Done'), ('failed', 'Failed'), ('stopped', 'Stopped'), ('cancelled', 'Cancelled')], default='ready', max_length=10)),
                ('depth', models.PositiveSmallIntegerField(default=0)),
                ('waits_for', models.CharField(blank=True, choices=[('', 'Nothing'), ('approval', 'A vote'), ('person', "A person's answer"), ('timer', 'A time'), ('run', 'Another book'), ('slot', 'Room at a product')], default='', max_length=10)),
                ('detail', models.TextField(default='')),
                ('variables', models.JSONField(default=dict)),
                ('fence', models.BigIntegerField(default=0)),
                ('lease_owner', models.CharField(default='', max_length=120)),
                ('lease_until', models.DateTimeField(null=True)),
                ('lane', models.PositiveSmallIntegerField(choices=[(0, 'Emergency'), (1, 'Normal')], default=1)),
                ('wake_at', models.DateTimeField()),
                ('faults', models.PositiveSmallIntegerField(default=0)),
                ('last_event', models.PositiveIntegerField(default=0)),
                ('chain', models.CharField(default='', max_length=64)),
                ('mode', models.CharField(choices=[('real', 'For real'), ('simulate', 'Simulated'), ('shadow', 'Shadow')], default='real', max_length=10)),
                ('policies', models.JSONField(default=dict)),
                ('forked_from', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.run')),
                ('forked_at', models.PositiveIntegerField(null=True)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('book', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.book')),
                ('started_by_person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('undoes', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.run')),
            ],
        ),
        migrations.CreateModel(
            name='Frame',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step_id', models.CharField(default='', max_length=80)),
                ('branch', models.CharField(default='', max_length=80)),
                ('iteration', models.PositiveIntegerField(default=1)),
                ('cursor', models.CharField(max_length=80)),
                ('visits', models.JSONField(default=dict)),
                ('expected', models.PositiveSmallIntegerField(default=1)),
                ('arrived', models.PositiveSmallIntegerField(default=0)),
                ('ended_at', models.DateTimeField(null=True)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('parent', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.frame')),
                ('run', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='frames', to='playbooks.run')),
            ],
        ),
        migrations.CreateModel(
            name='RunEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('no', models.PositiveIntegerField()),
                ('kind', models.CharField(max_length=30)),
                ('step_id', models.CharField(default='', max_length=80)),
                ('text', models.TextField()),
                ('actor', models.CharField(max_length=120)),
                ('actor_label', models.CharField(max_length=120)),
                ('fence', models.BigIntegerField()),
                ('data', models.JSONField(default=dict)),
                ('hash', models.CharField(default='', max_length=64)),
                ('at', models.DateTimeField()),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('run', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='playbooks.run')),
            ],
        ),
        migrations.CreateModel(
            name='StandingConsent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('actions', models.JSONField()),
                ('given_by_name', models.CharField(max_length=120)),
                ('given_at', models.DateTimeField()),
                ('note', models.TextField(default='')),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('given_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('withdrawn_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='StepAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('step_id', models.CharField(max_length=80)),
                ('command_no', models.PositiveSmallIntegerField(default=0)),
                ('target', models.CharField(default='', max_length=200)),
                ('iteration', models.PositiveIntegerField(default=1)),
                ('attempt', models.PositiveSmallIntegerField(default=1)),
                ('kind', models.CharField(max_length=20)),
                ('name', models.TextField()),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('started', 'Started'), ('ok', 'Done'), ('failed', 'Failed'), ('unknown', 'Unknown'), ('skipped', 'Not done')], default='planned', max_length=10)),
                ('effect_class', models.CharField(default='local', max_length=12)),
                ('effect_key', models.CharField(max_length=64)),
                ('fence', models.BigIntegerField()),
                ('checks', models.PositiveSmallIntegerField(default=0)),
                ('rendered', models.JSONField(default=dict)),
                ('request_hash', models.CharField(default='', max_length=64)),
                ('response', models.JSONField(default=dict)),
                ('detail', models.TextField(default='')),
                ('assigned', models.JSONField(default=dict)),
                ('ready_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('frame', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.frame')),
                ('run', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='playbooks.run')),
            ],
        ),
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('subject', models.CharField(max_length=80)),
                ('step_id', models.CharField(max_length=80)),
                ('iteration', models.PositiveIntegerField(default=1)),
                ('action_name', models.CharField(max_length=60)),
                ('action', models.TextField()),
                ('rendered', models.JSONField()),
                ('hash', models.CharField(max_length=64)),
                ('touches', models.TextField(default='')),
                ('undo_text', models.TextField(default='')),
                ('floor_votes', models.PositiveSmallIntegerField(default=1)),
                ('state', models.CharField(choices=[('open', 'Open'), ('approved', 'Approved'), ('denied', 'Denied'), ('lapsed', 'Lapsed'), ('void', 'Void')], default='open', max_length=10)),
                ('asks_agency', models.BooleanField()),
                ('asked_at', models.DateTimeField()),
                ('remind_at', models.DateTimeField()),
                ('reminded_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('reason', models.TextField(default='')),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('frame', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.frame')),
                ('run', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to='playbooks.run')),
                ('consent', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.standingconsent')),
                ('attempt', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.stepattempt')),
            ],
        ),
        migrations.CreateModel(
            name='Timer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(max_length=120)),
                ('due_at', models.DateTimeField()),
                ('fired_at', models.DateTimeField(null=True)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('frame', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.frame')),
                ('run', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='timers', to='playbooks.run')),
            ],
        ),
        migrations.CreateModel(
            name='TriggerRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('about', models.CharField(max_length=20)),
                ('condition', models.TextField()),
                ('why', models.TextField()),
                ('urgent', models.BooleanField(default=False)),
                ('mode', models.CharField(choices=[('live', 'Live'), ('shadow', 'In shadow'), ('off', 'Off')], default='live', max_length=10)),
                ('created_at', models.DateTimeField()),
                ('book', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='triggers', to='playbooks.book')),
            ],
        ),
        migrations.AddField(
            model_name='run',
            name='trigger',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.triggerrule'),
        ),
        migrations.CreateModel(
            name='Undo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('text', models.TextField()),
                ('rendered', models.JSONField()),
                ('state', models.CharField(choices=[('registered', 'Can be undone'), ('under_way', 'Being undone'), ('done', 'Undone'), ('failed', 'Could not be undone'), ('in_doubt', 'Not known whether it was undone')], default='registered', max_length=12)),
                ('at', models.DateTimeField()),
                ('due_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('attempt', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.stepattempt')),
                ('run', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='undos', to='playbooks.run')),
                ('undone_by', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.run')),
            ],
        ),
        migrations.CreateModel(
            name='Version',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('content_hash', models.CharField(max_length=64)),
                ('canonical', models.TextField()),
                ('modified', models.DateTimeField()),
                ('published_at', models.DateTimeField()),
                ('published_by', models.CharField(max_length=120)),
                ('published_by_person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('book', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='playbooks.book')),
            ],
        ),
        migrations.AddField(
            model_name='run',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.version'),
        ),
        migrations.CreateModel(
            name='Vote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('side', models.CharField(choices=[('floor', 'Watch floor'), ('liaison', 'Agency')], max_length=10)),
                ('role', models.CharField(max_length=20)),
                ('vote', models.CharField(choices=[('approve', 'Approve'), ('deny', 'Deny')], max_length=10)),
                ('hash', models.CharField(max_length=64)),
                ('reason', models.TextField()),
                ('at', models.DateTimeField()),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('approval', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='votes', to='playbooks.approval')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Connector',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=30)),
                ('name', models.CharField(max_length=120)),
                ('base_url', models.CharField(max_length=300)),
                ('allowed_hosts', models.JSONField(default=list)),
                ('named_networks', models.JSONField(default=list)),
                ('secret_name', models.CharField(blank=True, default='', max_length=120)),
                ('effect', models.CharField(choices=[('unsafe', 'Unsafe'), ('keyed', 'Keyed'), ('verifiable', 'Verifiable')], default='unsafe', max_length=12)),
                ('lookup', models.CharField(blank=True, default='', max_length=300)),
                ('runs', models.JSONField(default=list)),
                ('most_at_once', models.PositiveSmallIntegerField(null=True)),
                ('most_a_minute', models.PositiveSmallIntegerField(null=True)),
                ('enabled', models.BooleanField(default=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('changed_at', models.DateTimeField()),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agency', 'id'), name='connector_agency_id'), models.UniqueConstraint(fields=('agency', 'name'), name='connector_name_once'), models.UniqueConstraint(condition=models.Q(('enabled', True), models.Q(('kind__in', ('http', 'openc2', 'agent')), _negated=True)), fields=('agency', 'kind'), name='connector_kind_once'), tenants.isolation.constraints.Wall(audited=True, name='connector_wall', rights='SELECT, INSERT, UPDATE')],
            },
        ),
        migrations.CreateModel(
            name='Effect',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('effect_key', models.CharField(max_length=64)),
                ('request_hash', models.CharField(max_length=64)),
                ('response', models.JSONField(default=dict)),
                ('fence', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agency', 'effect_key'), name='effect_once'), tenants.isolation.constraints.Wall(audited=False, name='effect_wall', rights='SELECT, INSERT')],
            },
        ),
        migrations.AddConstraint(
            model_name='frame',
            constraint=models.UniqueConstraint(fields=('agency', 'id'), name='frame_agency_id'),
        ),
        migrations.AddConstraint(
            model_name='frame',
            constraint=models.UniqueConstraint(fields=('agency', 'run', 'parent', 'step_id', 'branch', 'iteration'), name='frame_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='frame',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='run', name='frame_run_fk', on_delete='', to='playbooks.Run'),
        ),
        migrations.AddConstraint(
            model_name='frame',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='parent', name='frame_parent_fk', on_delete='', to='playbooks.Frame'),
        ),
        migrations.AddConstraint(
            model_name='frame',
            constraint=tenants.isolation.constraints.Wall(audited=True, name='frame_wall', rights='SELECT, INSERT, UPDATE'),
        ),
        migrations.AddConstraint(
            model_name='runevent',
            constraint=models.UniqueConstraint(fields=('agency', 'run', 'no'), name='runevent_order'),
        ),
        migrations.AddConstraint(
            model_name='runevent',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='run', name='runevent_run_fk', on_delete='', to='playbooks.Run'),
        ),
        migrations.AddConstraint(
            model_name='runevent',
            constraint=tenants.isolation.constraints.Wall(audited=False, name='runevent_wall', rights='SELECT, INSERT'),
        ),
        migrations.AddConstraint(
            model_name='standingconsent',
            constraint=models.UniqueConstraint(fields=('agency', 'id'), name='consent_agency_id'),
        ),
        migrations.AddConstraint(
            model_name='standingconsent',
            constraint=tenants.isolation.constraints.Wall(audited=True, name='consent_wall', rights='SELECT, INSERT, UPDATE'),
        ),
        migrations.AddIndex(
            model_name='stepattempt',
            index=models.Index(fields=['agency', 'run', 'id'], name='attempt_run'),
        ),
        migrations.AddConstraint(
            model_name='stepattempt',
            constraint=models.UniqueConstraint(fields=('agency', 'id'), name='attempt_agency_id'),
        ),
        migrations.AddConstraint(
            model_name='stepattempt',
            constraint=models.UniqueConstraint(fields=('agency', 'run', 'frame', 'step_id', 'command_no', 'target', 'iteration', 'attempt'), name='attempt_once'),
        ),
        migrations.AddConstraint(
            model_name='stepattempt',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'ok')), fields=('agency', 'run', 'frame', 'step_id', 'command_no', 'target', 'iteration'), name='attempt_ok_once'),
        ),
        migrations.AddConstraint(
            model_name='stepattempt',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='run', name='attempt_run_fk', on_delete='', to='playbooks.Run'),
        ),
        migrations.AddConstraint(
            model_name='stepattempt',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='frame', name='attempt_frame_fk', on_delete='', to='playbooks.Frame'),
        ),
        migrations.AddConstraint(
            model_name='stepattempt',
            constraint=tenants.isolation.constraints.Wall(audited=True, name='attempt_wall', rights='SELECT, INSERT, UPDATE'),
        ),
        migrations.AddIndex(
            model_name='approval',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['agency', 'expires_at', 'id'], name='approval_open'),
        ),
        migrations.AddIndex(
            model_name='approval',
            index=models.Index(condition=models.Q(('reminded_at', None), ('state', 'open')), fields=['agency', 'remind_at'], name='approval_remind'),
        ),
        migrations.AddIndex(
            model_name='approval',
            index=models.Index(fields=['agency', 'subject', 'id'], name='approval_subject'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.UniqueConstraint(fields=('agency', 'id'), name='approval_agency_id'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('agency', 'run', 'frame', 'step_id', 'iteration'), name='approval_open_once'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='run', name='approval_run_fk', on_delete='', to='playbooks.Run'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='frame', name='approval_frame_fk', on_delete='', to='playbooks.Frame'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='attempt', name='approval_attempt_fk', on_delete='', to='playbooks.StepAttempt'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='consent', name='approval_consent_fk', on_delete='', to='playbooks.StandingConsent'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=tenants.isolation.constraints.Wall(audited=True, name='approval_wall', rights='SELECT, INSERT, UPDATE'),
        ),
        migrations.AddIndex(
            model_name='timer',
            index=models.Index(condition=models.Q(('fired_at', None)), fields=['agency', 'due_at'], name='timer_due'),
        ),
        migrations.AddConstraint(
            model_name='timer',
            constraint=models.UniqueConstraint(fields=('agency', 'run', 'frame', 'purpose'), name='timer_once'),
        ),
        migrations.AddConstraint(
            model_name='timer',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='run', name='timer_run_fk', on_delete='', to='playbooks.Run'),
        ),
        migrations.AddConstraint(
            model_name='timer',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='frame', name='timer_frame_fk', on_delete='', to='playbooks.Frame'),
        ),
        migrations.AddConstraint(
            model_name='timer',
            constraint=tenants.isolation.constraints.Wall(audited=True, name='timer_wall', rights='SELECT, INSERT, UPDATE'),
        ),
        migrations.AddConstraint(
            model_name='triggerrule',
            constraint=tenants.isolation.constraints.Granted(audited=True, name='triggerrule_granted', rights={'soc_central': 'SELECT, INSERT, UPDATE', 'soc_tenant': 'SELECT'}),
        ),
        migrations.AddConstraint(
            model_name='undo',
            constraint=models.UniqueConstraint(fields=('agency', 'run', 'attempt'), name='undo_once'),
        ),
        migrations.AddConstraint(
            model_name='undo',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='run', name='undo_run_fk', on_delete='', to='playbooks.Run'),
        ),
        migrations.AddConstraint(
            model_name='undo',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='attempt', name='undo_attempt_fk', on_delete='', to='playbooks.StepAttempt'),
        ),
        migrations.AddConstraint(
            model_name='undo',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='undone_by', name='undo_undone_by_fk', on_delete='', to='playbooks.Run'),
        ),
        migrations.AddIndex(
            model_name='undo',
            index=models.Index(condition=models.Q(('undone_by__isnull', False)), fields=['agency', 'undone_by'], name='undo_by'),
        ),
        migrations.AddConstraint(
            model_name='undo',
            constraint=tenants.isolation.constraints.Wall(audited=True, name='undo_wall', rights='SELECT, INSERT, UPDATE'),
        ),
        migrations.AddConstraint(
            model_name='version',
            constraint=models.UniqueConstraint(fields=('book', 'number'), name='version_number_once'),
        ),
        migrations.AddConstraint(
            model_name='version',
            constraint=models.UniqueConstraint(fields=('book', 'content_hash'), name='version_content_once'),
        ),
        migrations.AddConstraint(
            model_name='version',
            constraint=tenants.isolation.constraints.Granted(audited=True, name='version_granted', rights={'soc_central': 'SELECT, INSERT', 'soc_tenant': 'SELECT'}),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('state', 'ready')), fields=['agency', 'lane', 'wake_at', 'id'], name='run_ready'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('state', 'running')), fields=['agency', 'lease_until', 'id'], name='run_leased'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['agency', 'subject', 'id'], name='run_subject'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['agency', '-started_at', '-id'], name='run_agency_started'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['-started_at', '-id'], name='run_started'),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(condition=models.Q(('undoes__isnull', False)), fields=['agency', 'undoes'], name='run_undoes'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.UniqueConstraint(fields=('agency', 'id'), name='run_agency_id'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.UniqueConstraint(condition=models.Q(('trigger__isnull', False)), fields=('agency', 'subject', 'trigger', 'version', 'mode'), name='run_trigger_once'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=tenants.isolation.constraints.Wall(audited=True, name='run_wall', rights='SELECT, INSERT, UPDATE'),
        ),
        migrations.AddConstraint(
            model_name='vote',
            constraint=models.UniqueConstraint(fields=('agency', 'approval', 'person'), name='vote_once'),
        ),
        migrations.AddConstraint(
            model_name='vote',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='approval', name='vote_approval_fk', on_delete='', to='playbooks.Approval'),
        ),
        migrations.AddConstraint(
            model_name='vote',
            constraint=tenants.isolation.constraints.Wall(audited=True, name='vote_wall', rights='SELECT, INSERT'),
        ),
        migrations.AddField(
            model_name='run',
            name='parent_attempt',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.stepattempt'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.UniqueConstraint(condition=models.Q(('parent_attempt__isnull', False)), fields=('agency', 'parent_attempt'), name='run_called_once'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='parent_attempt', name='run_parent_attempt_fk', on_delete='', to='playbooks.StepAttempt'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='undoes', name='run_undoes_fk', on_delete='', to='playbooks.Run'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='forked_from', name='run_forked_from_fk', on_delete='', to='playbooks.Run'),
        ),
        migrations.CreateModel(
            name='Share',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weight', models.PositiveSmallIntegerField(default=1)),
                ('most_at_once', models.PositiveSmallIntegerField(null=True)),
                ('changed_at', models.DateTimeField()),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
            ],
        ),
        migrations.AddConstraint(
            model_name='share',
            constraint=models.UniqueConstraint(fields=('agency',), name='share_once'),
        ),
        migrations.AddConstraint(
            model_name='share',
            constraint=tenants.isolation.constraints.Wall(audited=True, name='share_wall', rights='SELECT, INSERT, UPDATE'),
        ),
        migrations.CreateModel(
            name='Slot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('at_once', 'One of the calls at once'), ('minute', 'One of the calls of a minute')], max_length=10)),
                ('number', models.PositiveSmallIntegerField()),
                ('free_at', models.DateTimeField()),
                ('held_by', models.BigIntegerField(default=0)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('connector', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.connector')),
            ],
        ),
        migrations.AddIndex(
            model_name='slot',
            index=models.Index(fields=['agency', 'connector', 'purpose', 'free_at'], name='slot_free'),
        ),
        migrations.AddConstraint(
            model_name='slot',
            constraint=models.UniqueConstraint(fields=('agency', 'connector', 'purpose', 'number'), name='slot_once'),
        ),
        migrations.AddConstraint(
            model_name='slot',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='connector', name='slot_connector_fk', on_delete='', to='playbooks.Connector'),
        ),
        migrations.AddConstraint(
            model_name='slot',
            constraint=tenants.isolation.constraints.Wall(audited=False, name='slot_wall', rights='SELECT, INSERT, UPDATE, DELETE'),
        ),
        migrations.CreateModel(
            name='Storm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64)),
                ('until', models.DateTimeField()),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('run', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.run')),
            ],
        ),
        migrations.AddConstraint(
            model_name='storm',
            constraint=models.UniqueConstraint(fields=('agency', 'key'), name='storm_once'),
        ),
        migrations.AddConstraint(
            model_name='storm',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='run', name='storm_run_fk', on_delete='', to='playbooks.Run'),
        ),
        migrations.AddConstraint(
            model_name='storm',
            constraint=tenants.isolation.constraints.Wall(audited=True, name='storm_wall', rights='SELECT, INSERT, UPDATE'),
        ),
        migrations.CreateModel(
            name='Covered',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=80)),
                ('at', models.DateTimeField()),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('run', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='covered', to='playbooks.run')),
                ('trigger', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.triggerrule')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.version')),
            ],
        ),
        migrations.AddIndex(
            model_name='covered',
            index=models.Index(fields=['agency', 'run'], name='covered_run'),
        ),
        migrations.AddConstraint(
            model_name='covered',
            constraint=models.UniqueConstraint(fields=('agency', 'subject', 'trigger', 'version'), name='covered_once'),
        ),
        migrations.AddConstraint(
            model_name='covered',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='run', name='covered_run_fk', on_delete='', to='playbooks.Run'),
        ),
        migrations.AddConstraint(
            model_name='covered',
            constraint=tenants.isolation.constraints.Wall(audited=True, name='covered_wall', rights='SELECT, INSERT'),
        ),
        migrations.CreateModel(
            name='BrokenGlass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('target', models.CharField(max_length=300)),
                ('hash', models.CharField(max_length=64)),
                ('missing', models.CharField(max_length=200)),
                ('reason', models.TextField()),
                ('broken_by_name', models.CharField(max_length=120)),
                ('at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('verdict', models.CharField(blank=True, choices=[('', 'To be reviewed'), ('justified', 'Justified'), ('not_justified', 'Not justified')], default='', max_length=20)),
                ('note', models.TextField(default='')),
                ('reviewed_by_name', models.CharField(default='', max_length=120)),
                ('reviewed_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='RefusedVote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('role', models.CharField(max_length=20)),
                ('code', models.CharField(max_length=40)),
                ('vote', models.CharField(default='', max_length=20)),
                ('hash', models.CharField(default='', max_length=64)),
                ('why', models.TextField()),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='brokenglass',
            name='agency',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency'),
        ),
        migrations.AddField(
            model_name='brokenglass',
            name='approval',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.approval'),
        ),
        migrations.AddField(
            model_name='brokenglass',
            name='broken_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='brokenglass',
            name='reviewed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='refusedvote',
            name='agency',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency'),
        ),
        migrations.AddField(
            model_name='refusedvote',
            name='approval',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='refused_votes', to='playbooks.approval'),
        ),
        migrations.AddField(
            model_name='refusedvote',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='brokenglass',
            index=models.Index(condition=models.Q(('verdict', '')), fields=['agency', 'due_at', 'id'], name='glass_to_review'),
        ),
        migrations.AddConstraint(
            model_name='brokenglass',
            constraint=models.UniqueConstraint(fields=('agency', 'approval'), name='glass_broken_once'),
        ),
        migrations.AddConstraint(
            model_name='brokenglass',
            constraint=models.CheckConstraint(condition=models.Q(('reviewed_by', models.F('broken_by')), _negated=True), name='glass_reviewed_by_another'),
        ),
        migrations.AddConstraint(
            model_name='brokenglass',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='approval', name='glass_approval_fk', on_delete='', to='playbooks.Approval'),
        ),
        migrations.AddConstraint(
            model_name='brokenglass',
            constraint=tenants.isolation.constraints.Wall(audited=True, name='glass_wall', rights='SELECT, INSERT, UPDATE'),
        ),
        migrations.AddIndex(
            model_name='refusedvote',
            index=models.Index(fields=['agency', 'approval', 'id'], name='refusedvote_approval'),
        ),
        migrations.AddConstraint(
            model_name='refusedvote',
            constraint=tenants.isolation.constraints.CompositeForeignKey(field='approval', name='refusedvote_approval_fk', on_delete='', to='playbooks.Approval'),
        ),
        migrations.AddConstraint(
            model_name='refusedvote',
            constraint=tenants.isolation.constraints.Wall(audited=True, name='refusedvote_wall', rights='SELECT, INSERT'),
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('name', models.CharField(max_length=160)),
                ('state', models.CharField(choices=[('open', 'Under work'), ('published', 'Published'), ('discarded', 'Discarded')], default='open', max_length=10)),
                ('version', models.PositiveIntegerField(default=1)),
                ('at', models.PositiveIntegerField(default=1)),
                ('content_hash', models.CharField(max_length=64)),
                ('note', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('base', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.version')),
                ('made', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='drafts', to='playbooks.version')),
            ],
            options={
                'indexes': [models.Index(fields=['state', '-changed_at'], name='draft_open')],
                'constraints': [tenants.isolation.constraints.Granted(audited=True, name='draft_granted', rights={'soc_central': 'SELECT, INSERT, UPDATE'})],
            },
        ),
        migrations.CreateModel(
            name='DraftState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('canonical', models.TextField()),
                ('said', models.CharField(max_length=300)),
                ('part', models.CharField(max_length=300)),
                ('at', models.DateTimeField()),
                ('draft', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='states', to='playbooks.draft')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('draft', 'number'), name='draftstate_once'), tenants.isolation.constraints.Granted(audited=False, name='draftstate_granted', rights={'soc_central': 'SELECT, INSERT, UPDATE, DELETE'})],
            },
        ),
        migrations.CreateModel(
            name='Backtest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('question', models.UUIDField()),
                ('version_hash', models.CharField(max_length=64)),
                ('about', models.CharField(max_length=20)),
                ('rule', models.TextField(blank=True, default='')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('asked_by_label', models.CharField(max_length=120)),
                ('asked_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('waiting', 'At work'), ('done', 'Done'), ('stopped', 'Stopped')], default='waiting', max_length=10)),
                ('total', models.PositiveIntegerField()),
                ('looked', models.PositiveIntegerField(default=0)),
                ('fitting', models.PositiveIntegerField(default=0)),
                ('after', models.JSONField(default=list)),
                ('spent_ms', models.PositiveIntegerField(default=0)),
                ('detail', models.TextField(blank=True, default='')),
                ('figures', models.JSONField(default=dict)),
                ('ended_at', models.DateTimeField(null=True)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('book', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.book')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='playbooks.version')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['agency', 'asked_at', 'id'], name='backtest_waiting'), models.Index(fields=['book', '-asked_at', '-id'], name='backtest_book')],
                'constraints': [models.UniqueConstraint(fields=('agency', 'id'), name='backtest_agency_id'), models.UniqueConstraint(fields=('agency', 'question'), name='backtest_once'), tenants.isolation.constraints.Wall(audited=True, name='backtest_wall', rights='SELECT, INSERT, UPDATE')],
            },
        ),
        migrations.CreateModel(
            name='BacktestedSubject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=80)),
                ('happened_at', models.DateTimeField()),
                ('outcome', models.CharField(max_length=15)),
                ('reason', models.TextField(default='')),
                ('minutes', models.PositiveIntegerField(default=0)),
                ('actions', models.JSONField(default=list)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.agency')),
                ('backtest', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='subjects', to='playbooks.backtest')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('agency', 'backtest', 'subject'), name='backtested_once'), tenants.isolation.constraints.CompositeForeignKey(field='backtest', name='backtested_backtest_fk', on_delete='', to='playbooks.Backtest'), tenants.isolation.constraints.Wall(audited=False, name='backtested_wall', rights='SELECT, INSERT')],
            },
        ),
    ]
