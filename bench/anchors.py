"""Write down the anchors of every shipped pattern, so that no start-up works them out: make anchors."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from rules.anchors import WRITTEN, key_of, worked_out
from rules.load import load_ruleset

parts = (part.detector for rule in load_ruleset().rules.values() for part in rule.parts.values())
patterns = sorted({str(detector.pattern) for detector in parts if detector.name == "regex"})  # type: ignore[attr-defined]
found = {key_of(pattern): [sorted(strings) for strings in worked_out(pattern)] for pattern in patterns}
WRITTEN.write_text(
    json.dumps(dict(sorted(found.items())), ensure_ascii=True, separators=(",", ":")).replace("]],", "]],\n") + "\n",
    encoding="utf-8",
)
print(f"{len(found)} patterns, {WRITTEN.stat().st_size:,} bytes")
