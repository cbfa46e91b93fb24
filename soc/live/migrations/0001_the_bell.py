import django.db.models.deletion
from django.db import migrations, models

import tenants.isolation.constraints


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0001_the_bottom_floor"),
    ]

    operations = [
        migrations.CreateModel(
            name="TopicCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("topic", models.CharField(max_length=110)),
                ("n", models.BigIntegerField(default=0)),
                ("told", models.BigIntegerField(default=0)),
                (
                    "agency",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.agency"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("agency", "topic"), name="topiccount_once", nulls_distinct=False),
                    tenants.isolation.constraints.Wall(audited=False, name="topiccount_wall", rights="SELECT, INSERT, UPDATE"),
                ],
            },
        ),
    ]
