"""Every form of secret that is known, the most specific first."""

from __future__ import annotations

from typing import Final

from rules.secrets.access import PRIVATE_KEYS, SESSIONS, SIGNED_LINKS, WEBHOOKS
from rules.secrets.codes import CODES
from rules.secrets.form import GROUPS, Form
from rules.secrets.providers import PROVIDERS
from rules.secrets.settings import CONNECTIONS, SETTINGS
from rules.secrets.words import PASSWORDS

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
