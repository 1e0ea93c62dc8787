"""Where posts come from, one platform per file."""

from __future__ import annotations
