"""Every setting; each environment variable is read here, once, typed."""

from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import FileAwareEnv, validate

from soc.health.embedded import embedded
from soc.health.logs import logging_settings
from soc.health.starting import POWERFUL, Start, faults

BASE_DIR = Path(__file__).resolve().parent.parent
# A secret may be a mounted file: where NAME_FILE is set, it names the file that holds NAME.
env = FileAwareEnv(eager=False, strip_whitespace=True)

# The environment

WATCHFLOOR_ENV: str = env.str("WATCHFLOOR_ENV", "development")
PRODUCTION = WATCHFLOOR_ENV == "production"
# Whom this deployment serves: the floor, the agencies (their people, sensors and work), or, on one machine, both.
DEPLOYMENT: str = env.str("DEPLOYMENT", "both", validate=validate.OneOf(["floor", "agencies", "both"]))
# Which kind of process this is: web, worker, beat, or a command.
PROCESS: str = env.str("WATCHFLOOR_PROCESS", "command")
VAR = Path(env.str("WATCHFLOOR_VAR", "") or BASE_DIR / "var").resolve()
PORT: int = env.int("PORT", 8000)
DEMO: bool = env.bool("DEMO", not PRODUCTION)
TRICKLE: bool = env.bool("TRICKLE", DEMO)
# Only tests and the demo floor set an actor's clock.
SETTABLE_CLOCK: bool = env.bool("SETTABLE_CLOCK", not PRODUCTION)

DATABASE_URL: str = env.str("DATABASE_URL", "")
DATABASE_OWNER_URL: str = env.str("DATABASE_OWNER_URL", "")
DATABASE_ADMIN_URL: str = env.str("DATABASE_ADMIN_URL", "")
DATABASE_BACKUP_URL: str = env.str("DATABASE_BACKUP_URL", "")
REDIS_URL: str = env.str("REDIS_URL", "")
BROKER_URL: str = env.str("BROKER_URL", "")
SECRET_KEY: str = env.str("SECRET_KEY", "")
HOSTS_HERE = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", [] if PRODUCTION else HOSTS_HERE)
DATABASE_POOL: bool = env.bool("DATABASE_POOL", PROCESS == "web")
DATABASE_POOL_SIZE: int = env.int("DATABASE_POOL_SIZE", 16)
TEST_DATABASE: str = env.str("TEST_DATABASE", "test_watchfloor")
LOG_LEVEL: str = env.str("LOG_LEVEL", "INFO")

# How long an approval waits before it lapses (seconds).
APPROVAL_SECONDS: int = env.int("APPROVAL_SECONDS", 1800)
# So long a run that a rule started stands for further subjects with the same entity; 0: each has a run of its own.
STORM_SECONDS: int = env.int("STORM_SECONDS", 900)
# A folder of mounted secrets that connectors name; without it they are variables like SECRET_EDR_NORTH.
SECRETS_DIR: str = env.str("SECRETS_DIR", "")
# Items a second and at once, per sensor key.
INTAKE_RATE: int = env.int("INTAKE_RATE", 2000)
INTAKE_BURST: int = env.int("INTAKE_BURST", 60000)
# Sessions end after so many seconds in all, and so many without activity.
SESSION_ABSOLUTE_SECONDS: int = env.int("SESSION_ABSOLUTE_SECONDS", 12 * 3600)
SESSION_IDLE_SECONDS: int = env.int("SESSION_IDLE_SECONDS", 15 * 60)
# Each new root of the journal and the audit table leaves the database: to this file (empty: to none), and to these addresses.
ANCHOR_FILE_NAMED: str | None = env.str("ANCHOR_FILE", None)
ANCHOR_FILE: str = str(VAR / "anchor.jsonl") if ANCHOR_FILE_NAMED is None else ANCHOR_FILE_NAMED
ANCHOR_MAIL_TO: list[str] = env.list("ANCHOR_MAIL_TO", [])
EMAIL_HOST: str = env.str("EMAIL_HOST", "localhost")
EMAIL_PORT: int = env.int("EMAIL_PORT", 25)
EMAIL_HOST_USER: str = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD: str = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS: bool = env.bool("EMAIL_USE_TLS", False)
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", "watchfloor@localhost")
EMAIL_TIMEOUT = 10
# Attempts from one address; failures of one account are counted apart.
SIGN_INS_PER_MINUTE: int = env.int("SIGN_INS_PER_MINUTE", 60)

try:
    env.seal()
except Exception as problem:
    raise ImproperlyConfigured(str(problem)) from problem

# Production starts with everything in place or not at all

if PRODUCTION:
    given = {
        "SECRET_KEY": SECRET_KEY,
        "ALLOWED_HOSTS": ALLOWED_HOSTS,
        "DATABASE_URL": DATABASE_URL,
        "REDIS_URL": REDIS_URL,
        "BROKER_URL": BROKER_URL,
    }
    powerful = dict(zip(POWERFUL, (DATABASE_OWNER_URL, DATABASE_ADMIN_URL, DATABASE_BACKUP_URL), strict=True))
    wrong = faults(
        Start(
            process=PROCESS,
            missing=tuple(name for name, value in given.items() if not value),
            set_powerful=tuple(name for name, value in powerful.items() if value),
            short_secret=0 < len(SECRET_KEY) < 40,
            settable_clock=SETTABLE_CLOCK,
            deployment=DEPLOYMENT,
            database_url=DATABASE_URL,
        )
    )
    if wrong:
        raise ImproperlyConfigured("Watchfloor does not start in production: " + "; ".join(wrong) + ".")

# Servers: those of the environment, else the embedded ones of this instance

EMBEDDED = not PRODUCTION and not DATABASE_URL
if EMBEDDED and (own := embedded(VAR)):
    DATABASE_URL, DATABASE_OWNER_URL = own.database, own.owner
    REDIS_URL = REDIS_URL or own.redis
    SECRET_KEY = SECRET_KEY or own.secret_key
BROKER_URL = BROKER_URL or REDIS_URL
SECRET_KEY = SECRET_KEY or "development only: nothing was started here yet"


def login(address: str) -> dict[str, Any]:
    """User and password of a database address."""
    parsed = dj_database_url.parse(address)
    return {"USER": parsed["USER"], "PASSWORD": parsed["PASSWORD"]}


# An address that nothing listens on, until `make run` or `make test` has made servers.
database: dict[str, Any] = dict(dj_database_url.parse(DATABASE_URL or "postgresql://app_floor:none@127.0.0.1:1/watchfloor"))
database |= {
    "ENGINE": "tenants.isolation.backend",
    # A connection kept by a thread would carry one request's end into another's beginning.
    "CONN_MAX_AGE": 0,
    "OPTIONS": {**database.get("OPTIONS", {}), "connect_timeout": 5, "prepare_threshold": 1},
    "TEST": {"NAME": TEST_DATABASE},
}
# A process that stands still in the middle of a transaction keeps its locks for so many seconds, then PostgreSQL ends its session.
STANDS_STILL = {"worker": 15, "web": 60}
if PROCESS in STANDS_STILL:
    given_options = database["OPTIONS"].get("options", "")
    database["OPTIONS"]["options"] = f"{given_options} -c idle_in_transaction_session_timeout={STANDS_STILL[PROCESS]}s".strip()
if DATABASE_POOL:
    database["OPTIONS"]["pool"] = {"min_size": 2, "max_size": DATABASE_POOL_SIZE, "timeout": 10}
if PROCESS == "command" and (DATABASE_OWNER_URL or not DATABASE_URL):
    database["OWNER"] = login(DATABASE_OWNER_URL or "postgresql://soc_owner:none@127.0.0.1:1/watchfloor")
DATABASES = {"default": database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sign-in counts its failures here, so the lockout survives a wiped Redis.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "watchfloor_cache"}}

# Names in Redis, so that several instances may share a server.
PREFIX: str = "watchfloor"
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL or "redis://127.0.0.1:1/0"], "prefix": PREFIX},
    }
}

# The house

OWN_APPS = [
    "tenants",
    "playbooks",
    "soc.clocks",
    "soc.cases",
    "soc.scorecards",
    "soc.live",
    "soc.health",
    "soc.home",
    "soc.demo",
]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "channels",
    "csp",
    "django_htmx",
    *OWN_APPS,
]
MIDDLEWARE = [
    "soc.health.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "tenants.gates.middleware.ReadableMiddleware",
    "soc.cases.middleware.IntakeLane",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Answers are padded by chance and forms' tokens masked anew each time, so that their length tells nothing (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "tenants.gates.middleware.LobbySessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.gates.middleware.LobbyMiddleware",
]
ROOT_URLCONF = "soc.urls"
ASGI_APPLICATION = "soc.asgi.application"
WSGI_APPLICATION = "soc.wsgi.application"
DEBUG = False
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.gates.context.page",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR / "static" if PRODUCTION else None
WHITENOISE_USE_FINDERS = not PRODUCTION
if PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
LOGGING = logging_settings(LOG_LEVEL)

# A demo floor's figures are invented, and every page of it says so.
SIMULATED = DEMO

# Sign-in

AUTH_USER_MODEL = "tenants.Person"
AUTHENTICATION_BACKENDS = ["tenants.gates.identifying.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ("email", "name")}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "tenants.gates.sign_ins.Adapter"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {
    "login": f"{SIGN_INS_PER_MINUTE}/m/ip",
    # Five wrong passwords lock one account for five minutes.
    "login_failed": f"{SIGN_INS_PER_MINUTE}/m/ip,5/300s/key",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Watchfloor"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
# Whether analysts, watch leads, admins and auditors must have a second factor.
STAFF_SECOND_FACTOR = PRODUCTION
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS
SESSION_COOKIE_NAME = "watchfloor_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True

# What browsers are told

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    # Both are set by the proxy in front, which lets no caller's own through.
    ALLAUTH_TRUSTED_CLIENT_IP_HEADER = "X-Real-IP"
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True

# A batch of alerts may be 32 MiB; the intake's own door holds the limit.
DATA_UPLOAD_MAX_MEMORY_SIZE = 33 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 33 * 1024 * 1024

# The API

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    # Who calls and what they may is the gate's business.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "EXCEPTION_HANDLER": "tenants.gates.problems.handle",
    "DEFAULT_SCHEMA_CLASS": "tenants.gates.schema.Schema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Watchfloor",
    "DESCRIPTION": "The API of a shared security operations center.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SCHEMA_PATH_PREFIX_TRIM": False,
    "APPEND_COMPONENTS": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    "SECURITY": [{"bearer": []}],
}

# The doorbell

DOORBELL = True
CELERY: dict[str, Any] = {
    "broker_url": BROKER_URL or "redis://127.0.0.1:1/0",
    "broker_connection_retry_on_startup": True,
    # Celery gives up after a hundred tries; a worker sweeps on without a broker and must hear it again later.
    "broker_connection_max_retries": None,
    "broker_transport_options": {
        "socket_timeout": 5,
        "socket_connect_timeout": 1,
        # Whoever rings does not wait for a broker that is away.
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
        "global_keyprefix": f"{PREFIX}:",
    },
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_ignore_result": True,
    "task_store_errors_even_if_ignored": False,
    "task_serializer": "json",
    "accept_content": ["json"],
    "worker_prefetch_multiplier": 1,
    "worker_pool": "threads",
    "worker_concurrency": 4,
    "worker_hijack_root_logger": False,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "enable_utc": True,
    "timezone": "UTC",
    # Each deployment hears its own bell.
    "task_default_queue": "doorbell" if DEPLOYMENT == "both" else f"doorbell-{DEPLOYMENT}",
    "beat_schedule": {"ring-the-sweep": {"task": "soc.celery.answer", "schedule": 5.0, "options": {"expires": 5}}},
    "beat_schedule_filename": str(VAR / "beat" / "schedule"),
}
if BROKER_URL.startswith("amqp"):
    CELERY["broker_transport_options"] |= {"confirm_publish": True, "read_timeout": 5, "write_timeout": 5}
    CELERY["broker_connection_timeout"] = 1
    # Nothing is delayed here; the queues that Celery makes for it beside a quorum queue stay small.
    CELERY["broker_native_delayed_delivery_queue_type"] = "classic"
