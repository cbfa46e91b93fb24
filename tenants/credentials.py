"""How keys and tokens look from outside: `wfk_<prefix>_<secret>`, `wft_<prefix>_<secret>`."""

KEY_PREFIX = "wfk"
TOKEN_PREFIX = "wft"  # noqa: S105 a public prefix, no secret
