"""Train the heads of the shipped rules and write them down, so that no start-up trains them again: make heads."""

from __future__ import annotations

from scoring import ROOT

from rules.load import load_ruleset
from rules.sense import HEADS, write_heads


def main() -> None:
    """Write one head for each shipped rule that learns from sentences."""
    parts = [part for rule in load_ruleset().rules.values() for part in rule.parts.values()]
    count = write_heads([part.detector.question for part in parts if part.detector.name == "meaning"])
    print(f"{count} heads in {HEADS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
