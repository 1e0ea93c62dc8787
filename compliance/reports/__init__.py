"""The report: what was read, what was flagged, what people decided and how long it took. Nothing by person, no text."""
