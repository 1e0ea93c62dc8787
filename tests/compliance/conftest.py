"""The name under which the review desk's tests ask for a database."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine


@pytest.fixture
def database(db_engine: Engine) -> Engine:
    """An engine with all tables and no rows, on each database."""
    return db_engine
