"""Every form of secret that is known, the most specific first."""

from __future__ import annotations

from typing import Final

from rules.secrets.form import GROUPS, Form
from rules.secrets.providers import PRIVATE_KEYS, PROVIDERS, SESSIONS, SIGNED_LINKS, WEBHOOKS
from rules.secrets.words import CODES, CONNECTIONS, PASSWORDS, SETTINGS

FORMS: Final[tuple[Form, ...]] = (
    *PRIVATE_KEYS,
    *WEBHOOKS,
    *PROVIDERS,
    *CONNECTIONS,
    *SIGNED_LINKS,
    *SESSIONS,
    *CODES,
    *SETTINGS,
    *PASSWORDS,
)

#: What a policy may name: groups first.
NAMES: Final = tuple(dict.fromkeys([*GROUPS, *(form.id for form in FORMS)]))
