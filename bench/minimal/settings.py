"""Settings of the yardstick: one app, no middleware, the same pool of connections."""

import os

import dj_database_url

SECRET_KEY = "a yardstick keeps no secrets"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
INSTALLED_APPS = ["bench.minimal"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.minimal.urls"
WSGI_APPLICATION = "bench.minimal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATA_UPLOAD_MAX_MEMORY_SIZE = None
database = dict(dj_database_url.parse(os.environ["DATABASE_URL"]))
database["OPTIONS"] = {"pool": {"min_size": 2, "max_size": 16, "timeout": 10}}
DATABASES = {"default": database}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [os.environ["REDIS_URL"]], "prefix": "minimal"},
    }
}
LOGGING_CONFIG = None
