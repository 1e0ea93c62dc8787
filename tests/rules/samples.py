"""What several tests of rules take as given: a time, and an organisation's lists."""

from __future__ import annotations

from datetime import UTC, datetime

from rules.lists import of_terms

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LISTS = {
    "codenames": of_terms("codenames", ["Bluefin", "Project Harrier"]),
    "competitors": of_terms("competitors", ["Crestbank"]),
    "customers": of_terms("customers", ["Haldane Foods"]),
    "products": of_terms("products", ["Alderway Save"]),
    "brand_names": of_terms("brand_names", ["Alderway"]),
    "internal_domains": of_terms("internal_domains", ["alderway.internal"]),
    "disclosures": of_terms("disclosures", ["#ad"]),
    "executives": of_terms("executives", ["Owen Castell"]),
    "restricted": of_terms("restricted", ["Orlan"]),
}
