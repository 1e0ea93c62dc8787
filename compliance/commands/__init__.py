"""The bodies of the commands. Imported at start-up, so heavy imports stand inside them."""

from __future__ import annotations
