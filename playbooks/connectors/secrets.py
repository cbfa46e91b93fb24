"""Secrets by reference: resolved at the moment of a call, never stored, never logged."""

import os
import re
from pathlib import Path

from django.conf import settings

from playbooks.products import SECRET_NAME


class SecretMissing(LookupError):
    """No secret stands under this name. The message holds the name only."""


def secret(name: str) -> str:
    """The secret `edr/north`: the file of that name under SECRETS_DIR, else the variable SECRET_EDR_NORTH. Raises SecretMissing."""
    if not SECRET_NAME.fullmatch(name):
        raise SecretMissing(f"{name!r} is no name of a secret")
    if settings.SECRETS_DIR:
        try:
            return (Path(settings.SECRETS_DIR) / name).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            pass
        except (OSError, UnicodeDecodeError) as error:
            raise SecretMissing(f"the secret {name} cannot be read") from error
    value = os.environ.get("SECRET_" + re.sub(r"[-/]", "_", name).upper(), "")
    if not value:
        raise SecretMissing(f"the secret {name} is not set")
    return value
