"""What a text may contain. Pure: no database, no clock, no network."""

from __future__ import annotations
