"""The rules engine as the scan needs it: verdicts, and whom each rule belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.document import Document
from rules.engine import Engine
from rules.evaluation import Evaluation
from rules.policy import Rule
from rules.ruleset import RuleSet


class Judge:
    """A rule set ready to evaluate, with the lookups that storing a flag needs. KeyError for a rule that it does not have."""

    def __init__(self, ruleset: RuleSet) -> None:
        self._ruleset = ruleset
        self._engine = Engine(ruleset)

    @property
    def ruleset_hash(self) -> str:
        """Hash of everything that decides a verdict."""
        return self._ruleset.hash

    @property
    def inputs(self) -> dict[str, str]:
        """What the rule set is made of, by hashes."""
        from compliance.inputs import inputs_of

        return inputs_of(self._ruleset)

    def evaluate(self, documents: Iterable[Document]) -> Iterator[Evaluation]:
        """Yield one evaluation per document, in order."""
        return self._engine.evaluate(documents)

    def policy(self, rule_id: str) -> str:
        """Return the id of the rule's policy."""
        return self._rule(rule_id).policy.id

    def route(self, rule_id: str) -> str:
        """Return whom the rule's flags go to."""
        return self._rule(rule_id).route

    def version(self, rule_id: str) -> str:
        """Return the hash of the rule and of all it reads."""
        return self._rule(rule_id).version

    def _rule(self, rule_id: str) -> Rule:
        return self._ruleset.rules[rule_id]
