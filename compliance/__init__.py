"""What we store, and what people do about it."""

from __future__ import annotations
