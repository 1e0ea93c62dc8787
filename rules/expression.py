"""The `when` line: parsed once, evaluated in Kleene's three values, explained in its own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

#: True, False, or None for unknown.
Kleene: TypeAlias = bool | None
Truth: TypeAlias = Callable[[str], Kleene]

_TOKEN: Final = re.compile(r"\s*(?:(?P<word>[A-Za-z_][A-Za-z0-9_-]*)|(?P<number>[0-9]+)|(?P<mark>[(),]))")
_RESERVED: Final = frozenset({"and", "or", "not", "of"})
MAX_TOKENS: Final = 200


class ExpressionError(ValueError):
    """What is wrong with a condition, and at which column of it (from 0)."""

    def __init__(self, message: str, column: int, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.column, self.hint = message, column, hint


@dataclass(frozen=True, slots=True)
class Name:
    """A part, by name."""

    name: str

    def value(self, truth: Truth) -> Kleene:
        """Ask for the part."""
        return truth(self.name)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Not:
    """True where the operand is false; unknown stays unknown."""

    operand: Node

    def value(self, truth: Truth) -> Kleene:
        """Turn the operand round."""
        value = self.operand.value(truth)
        return None if value is None else not value

    def __str__(self) -> str:
        return f"not {_wrap(self.operand)}"


@dataclass(frozen=True, slots=True)
class And:
    """False as soon as one operand is false."""

    operands: tuple[Node, ...]

    def value(self, truth: Truth) -> Kleene:
        """Stop at the first false operand."""
        unknown = False
        for operand in self.operands:
            value = operand.value(truth)
            if value is False:
                return False
            if value is None:
                unknown = True
        return None if unknown else True

    def __str__(self) -> str:
        return " and ".join(map(_wrap, self.operands))


@dataclass(frozen=True, slots=True)
class Or:
    """True as soon as one operand is true."""

    operands: tuple[Node, ...]

    def value(self, truth: Truth) -> Kleene:
        """Stop at the first true operand."""
        unknown = False
        for operand in self.operands:
            value = operand.value(truth)
            if value is True:
                return True
            if value is None:
                unknown = True
        return None if unknown else False

    def __str__(self) -> str:
        return " or ".join(map(_wrap, self.operands))


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True with `count` true operands, false when true and unknown ones together are fewer."""

    count: int
    operands: tuple[Node, ...]

    def value(self, truth: Truth) -> Kleene:
        """Stop as soon as the operands still to come cannot change the value."""
        true = unknown = 0
        left = len(self.operands)
        for operand in self.operands:
            value = operand.value(truth)
            left -= 1
            true += value is True
            unknown += value is None
            if true >= self.count:
                return True
            if true + unknown + left < self.count:
                return False
        return None

    def __str__(self) -> str:
        return f"{self.count} of ({', '.join(map(str, self.operands))})"


Node: TypeAlias = Name | Not | And | Or | AtLeast


def _wrap(node: Node) -> str:
    return f"({node})" if isinstance(node, (And, Or)) else str(node)


def parse(text: str) -> Node:
    """Parse a condition: `and or not`, parentheses, `2 of (a, b, c)`. Raises ExpressionError with the column."""
    return _Parser(text).parse()


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    column: int


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.position = 0
        if len(self.tokens) > MAX_TOKENS:
            message = "the condition is too long"
            raise ExpressionError(message, 0, "split the rule in two")

    def parse(self) -> Node:
        node = self._either()
        if self.position < len(self.tokens):
            self._refuse("expected `and`, `or` or the end here")
        return node

    def _either(self) -> Node:
        operands = [self._both()]
        while self._take("or"):
            operands.append(self._both())
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def _both(self) -> Node:
        operands = [self._one()]
        while self._take("and"):
            operands.append(self._one())
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def _one(self) -> Node:
        if self._take("not"):
            return Not(self._one())
        if self._take("("):
            node = self._either()
            self._expect(")")
            return node
        token = self._next()
        if token.text.isdigit():
            return self._at_least(token)
        if token.text.lower() in _RESERVED or not token.text[0].isalpha():
            self.position -= 1
            self._refuse(f"expected the name of a part, found `{token.text}`")
        return Name(token.text)

    def _at_least(self, number: _Token) -> Node:
        self._expect("of")
        self._expect("(")
        operands = [self._either()]
        while self._take(","):
            operands.append(self._either())
        self._expect(")")
        count = int(number.text)
        if not 1 <= count <= len(operands):
            message = f"`{count} of` needs between 1 and {len(operands)} here"
            raise ExpressionError(message, number.column, "count the names in the parentheses")
        return AtLeast(count, tuple(operands))

    def _take(self, text: str) -> bool:
        found = self.position < len(self.tokens) and self.tokens[self.position].text == text
        self.position += found
        return found

    def _expect(self, text: str) -> None:
        if not self._take(text):
            self._refuse(f"expected `{text}` here")

    def _next(self) -> _Token:
        if self.position >= len(self.tokens):
            self._refuse("the condition ends too early")
        self.position += 1
        return self.tokens[self.position - 1]

    def _refuse(self, message: str) -> NoReturn:
        column = self.tokens[self.position].column if self.position < len(self.tokens) else len(self.text)
        raise ExpressionError(message, column, "for example: name and not (quoted or 2 of (a, b, c))")


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            position = len(text) - len(text[position:].lstrip())
            message = f"unexpected character {text[position]!r}"
            raise ExpressionError(message, position, "only part names, and, or, not, N of (…)")
        kind = match.lastgroup or "mark"
        yield _Token(match[kind], match.start(kind))
        position = match.end()


def names(node: Node) -> Iterator[str]:
    """Yield every part name in reading order, repeats included."""
    if isinstance(node, Name):
        yield node.name
    elif isinstance(node, Not):
        yield from names(node.operand)
    else:
        for operand in node.operands:
            yield from names(operand)


def positive_names(node: Node, *, positive: bool = True) -> Iterator[str]:
    """Yield the names that can make the condition true by being true themselves."""
    if isinstance(node, Name):
        if positive:
            yield node.name
    elif isinstance(node, Not):
        yield from positive_names(node.operand, positive=not positive)
    else:
        for operand in node.operands:
            yield from positive_names(operand, positive=positive)


def evaluate(node: Node, truth: Truth) -> Kleene:
    """Evaluate with as few calls of `truth` as the value needs."""
    return node.value(truth)


def possible(node: Node, of_name: Callable[[str], frozenset[bool]]) -> frozenset[bool]:
    """Return the values that a condition could have if each part could have those of `of_name`; may name one too many."""
    if isinstance(node, Name):
        return of_name(node.name)
    if isinstance(node, Not):
        return frozenset(not value for value in possible(node.operand, of_name))
    values = [possible(one, of_name) for one in node.operands]
    needed = len(values) if isinstance(node, And) else 1 if isinstance(node, Or) else node.count
    most = sum(True in value for value in values)
    least = sum(value == {True} for value in values)
    return frozenset(value for value in (False, True) if (most >= needed if value else least < needed))


def confidence(node: Node, truth: Truth, score: Callable[[str], float]) -> float:
    """Return how sure a *true* condition is: `and` the least, `or` the greatest, `n of` the n-th greatest, `not` 1.0."""
    if isinstance(node, Name):
        return score(node.name)
    if isinstance(node, Not):
        return 1.0
    scores = sorted(
        (confidence(one, truth, score) for one in node.operands if evaluate(one, truth) is True), reverse=True
    )
    if isinstance(node, And):
        return scores[-1]
    return scores[node.count - 1] if isinstance(node, AtLeast) else scores[0]
