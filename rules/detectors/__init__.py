"""The kinds of parts, one per file."""

from __future__ import annotations
