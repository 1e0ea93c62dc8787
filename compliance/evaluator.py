"""What the scan asks of an engine and of the people list, and how a stored or fresh post becomes a Document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, Protocol

from connectors.post import Post
from rules.document import Context, Document
from rules.evaluation import Evaluation, Failure, Status

#: Detector name of a failure of the engine as a whole; it leaves every rule unknown.
ENGINE: Final = "engine"
FAULT: Final = "fault"


class Evaluator(Protocol):
    """A rule set ready to evaluate. The last three raise KeyError for a rule that the set does not have."""

    @property
    def ruleset_hash(self) -> str:
        """Hash of the rules, lists and models that decide a verdict."""
        ...

    def evaluate(self, documents: Iterable[Document]) -> Iterator[Evaluation]:
        """Yield one evaluation per document, in order."""
        ...

    def policy(self, rule_id: str) -> str:
        """Return the id of the policy that the rule belongs to."""
        ...

    def route(self, rule_id: str) -> str:
        """Return the lane that the policy sends its flags to."""
        ...

    def version(self, rule_id: str) -> str:
        """Return the hash of the rule and of all it reads, as in Finding.version."""
        ...


class People(Protocol):
    """What is known of authors. None means unknown, never "no"."""

    @property
    def known_groups(self) -> frozenset[str] | None:
        """Groups that anybody in the organisation has."""
        ...

    def context_of(self, platform: str | None, author: str | None) -> tuple[frozenset[str] | None, str | None]:
        """Return the groups and the country of an author; called once per post, so it should be a lookup."""
        ...


def document_of(
    source: str, post: Post, *, audience: str, platform: str | None, seen_at: datetime, people: People
) -> Document:
    """Return what the rules see of a post.

    `audience` and `platform` are settled; `seen_at` stands in where the post has no times.
    """
    groups, country = people.context_of(platform, post.author)
    context = Context(
        audience=audience,
        platform=platform,
        channel=post.channel,
        author=post.author,
        groups=groups,
        known_groups=people.known_groups,
        country=country,
        at=post.edited_at or post.posted_at or seen_at,
        kind=post.kind,
        is_reply=post.is_reply,
        thread=post.thread,
    )
    return Document(key=f"{source}/{post.external_id}", text=post.text, context=context)


def evaluate_all(
    evaluator: Evaluator, documents: Sequence[Document], *, breathe: Callable[[], None]
) -> list[Evaluation]:
    """Return one evaluation per document, in order, whatever the evaluator raises.

    A document whose evaluation raises is tried once more by itself; if that raises too it is incomplete, with the name
    of the exception's type and nothing else of it. `breathe` is called after each document and may raise to abandon the
    batch.
    """
    done: list[Evaluation] = []
    try:
        for evaluation in evaluator.evaluate(documents):
            if len(done) == len(documents) or evaluation.key != documents[len(done)].key:
                break
            done.append(evaluation)
            breathe()
    except Exception:  # noqa: BLE001, S110 - whatever a detector raises, the others of the page go on; who is at fault shows below
        pass
    for document in documents[len(done) :]:
        done.append(evaluate_alone(evaluator, document))
        breathe()
    return done


def evaluate_alone(evaluator: Evaluator, document: Document) -> Evaluation:
    """Return the evaluation of one document, incomplete if the evaluator raises."""
    try:
        evaluation = next(iter(evaluator.evaluate([document])), None)
    except Exception as error:  # noqa: BLE001 - named in the failure, never lost
        return engine_fault(document.key, type(error).__name__)
    if evaluation is None or evaluation.key != document.key:
        return engine_fault(document.key, "no evaluation")
    return evaluation


def engine_fault(key: str, error: str) -> Evaluation:
    """Return the verdict on a document that the engine could not evaluate."""
    return Evaluation(
        key=key, status=Status.INCOMPLETE, failures=(Failure(detector=ENGINE, kind=FAULT, error=error, rules=()),)
    )
