"""One model: what a tutorial would make of a received alert."""

from django.db import models


class Alert(models.Model):
    """A received alert with its sender."""

    sensor = models.IntegerField()
    title = models.TextField()
    raw = models.BinaryField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "minimal"
        indexes = [models.Index(fields=["sensor", "-received_at"], name="minimal_alert_sensor")]
