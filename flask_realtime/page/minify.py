"""Minifies the client's JavaScript: shortens names that nothing else uses, and removes blanks.

It understands only the JavaScript in which the client's modules are written: statements end with
semicolons, a ``const`` or ``let`` declares one name or one pattern, there are no labels, and no
function declares a name that it also uses as the browser's. That its output is the same program is
checked by ``tests/js/same-program.js``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import count, product

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|/\*(?:.|\n)*?\*/|//[^\n]*)
    |(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<name>[A-Za-z_$][\w$]*)
    |(?P<private>\#[\w$]+)
    |(?P<number>\d[\w.]*)
    |(?P<sign>=>|\.\.\.|\?\.|(?:\?\?|\|\||&&|\*\*)=?|\+\+|--|[-+*/%<>!&|^=]=+|[-+*/%<>!&|^=~?:;,.(){}[\]])
    """,
    re.VERBOSE,
)
_EXPRESSION = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")
_TEMPLATE = re.compile(r"(?:\\.|\$(?!\{)|[^`$\\])*(?P<end>`|\$\{)", re.DOTALL)
_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        """
        async await break case catch class const constructor continue default delete do else
        extends false finally for from function get if import in instanceof let new null of
        return set static super switch this throw true try typeof undefined var void while
        yield
        """,
    )
)
# After one of these a brace begins an object or a pattern; after anything else, a block.
_BEFORE_OBJECT = frozenset(
    ["(", ",", "=", ":", "[", "?", "return", "const", "let", "&&", "||", "??", "..."]
)
# In the order of their frequency in English: names of the texts' own letters compress better.
_LETTERS = "etaoinsrlcdhupmgfbywvkxjqz"
_BEFORE_MEMBER = frozenset(["{", "}", ";", "get", "set", "async", "static"])


@dataclass(slots=True)
class _Token:
    """A word of the text.

    :param kind: the group of ``_TOKEN`` that it fits; or "open", "middle", "close": pieces of a
        template, around the expressions in it.
    :param part: the function, method or statement at the top that it belongs to.
    :param use: of a name: "name"; "short", which in an object stands for a key as well; "key". Of a
        keyword: "top" where it declares something outside of all functions.
    :param partner: of a bracket: the index of the other one.
    """

    kind: str
    text: str
    part: int = 0
    use: str = ""
    partner: int = 0


def minify(text: str) -> str:
    """Return the same program as *text*, in fewer bytes."""
    tokens = list(_tokens(text))
    _read(tokens)
    _rename(tokens)
    return _write(tokens)


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    previous = _Token("sign", ";")
    depths: list[int] = []  # of braces within each expression of a template
    while position < len(text):
        in_template = text[position] == "}" and depths and depths[-1] == 0
        if text[position] == "`" or in_template:
            found = _match(_TEMPLATE, text, position + 1)
            is_open = found["end"] != "`"
            kind = ("middle" if in_template else "open") if is_open else "close"
            if in_template and not is_open:
                depths.pop()
            elif is_open and not in_template:
                depths.append(0)
            elif not is_open:
                kind = "string"
        elif text[position] == "/" and _begins_expression(text, position, previous):
            found, kind = _match(_EXPRESSION, text, position), "string"
        else:
            found = _match(_TOKEN, text, position)
            kind = str(found.lastgroup)
            if depths and kind == "sign" and found[0] in "{}":
                depths[-1] += 1 if found[0] == "{" else -1
        word = text[position : found.end()]
        token = _Token(kind, word.replace("_", "") if kind == "number" else word)
        position = found.end()
        if kind != "blank":
            previous = token
            yield token


def _match(pattern: re.Pattern[str], text: str, position: int) -> re.Match[str]:
    found = pattern.match(text, position)
    if found is None:
        raise ValueError(f"No JavaScript that is known here: {text[position : position + 40]!r}.")
    return found


def _begins_expression(text: str, position: int, previous: _Token) -> bool:
    if text.startswith(("//", "/*"), position):
        return False
    return previous.text == "return" or (
        previous.kind == "sign" and previous.text not in (")", "]", "}")
    )


def _read(tokens: list[_Token]) -> None:
    """Note what each token is."""
    open_ones: list[tuple[str, int]] = []
    part = 0
    is_class = False
    for index, token in enumerate(tokens):
        before = tokens[index - 1].text if index else ";"
        after = tokens[index + 1].text if index + 1 < len(tokens) else ";"
        place = open_ones[-1][0] if open_ones else "top"
        if token.kind == "close" or (token.kind == "sign" and token.text in ")]}"):
            token.partner = open_ones.pop()[1]
            tokens[token.partner].partner = index
        elif token.kind == "open":
            open_ones.append(("template", index))
        elif token.kind == "sign" and token.text in "([{":
            open_ones.append((_place(token.text, before, is_class), index))
            is_class = is_class and token.text != "{"
        elif token.kind == "name" and token.text not in _KEYWORDS:
            token.use = _use(place, before, after)
        elif token.kind == "name" and before != ".":
            is_class = is_class or token.text == "class"
            token.use = "top" if place == "top" else ""
        token.part = part
        place = open_ones[-1][0] if open_ones else "top"
        if place in ("top", "class") and token.text in ("}", ";") and token.kind == "sign":
            part += 1


def _place(bracket: str, before: str, is_class: bool) -> str:
    if bracket != "{":
        return bracket
    if is_class:
        return "class"
    return "object" if before in _BEFORE_OBJECT else "block"


def _use(place: str, before: str, after: str) -> str:
    if before in (".", "?."):
        return ""
    if place == "object" and before in ("{", ","):
        if after in (",", "}", "="):
            return "short"
        return "name" if after == "..." else "key"
    if place in ("class", "object") and before in _BEFORE_MEMBER and after == "(":
        return "key"
    return "name"


def _rename(tokens: list[_Token]) -> None:
    """Give short names to what is private, or declared at the top or within a function."""
    tops: set[str] = set()
    within: dict[int, set[str]] = {}
    for token, is_top in _declared(tokens):
        (tops if is_top else within.setdefault(token.part, set())).add(token.text)
    taken = _KEYWORDS | {token.text for token in tokens if token.kind == "name"}
    named = [token for token in tokens if token.use in ("name", "short")]
    top = _assign((one.text for one in named if one.text in tops), _LETTERS.upper(), taken)
    parts: dict[int, list[str]] = {}
    for token in named:
        parts.setdefault(token.part, []).append(token.text)
    local = {
        part: _assign(
            (name for name in names if name in within.get(part, set()) - tops),
            _LETTERS,
            _KEYWORDS | (set(names) - (within.get(part, set()) - tops)),
        )
        for part, names in parts.items()
    }
    for private in _privates(tokens):
        shorts = _assign((one.text for one in private), _LETTERS, frozenset(), "#")
        for token in private:
            token.text = shorts[token.text]
    for token in tokens:
        if token.use in ("name", "short"):
            short = local[token.part].get(token.text) or top.get(token.text)
            if short:
                token.text = f"{token.text}:{short}" if token.use == "short" else short


def _privates(tokens: list[_Token]) -> Iterable[list[_Token]]:
    """The private names of each class: one class's mean nothing to another's."""
    found: dict[int, list[_Token]] = {}
    number = 0
    for token in tokens:
        if token.text == "class" and token.use == "top":
            number += 1
        elif token.kind == "private":
            found.setdefault(number, []).append(token)
    return found.values()


def _assign(
    names: Iterable[str], letters: str, taken: Container[str], prefix: str = ""
) -> dict[str, str]:
    """Short names for *names*, none of them *taken*: in the order in which they come, as long as
    each gets one letter, and else the shortest for the most frequent."""
    shorts = (
        prefix + "".join(chosen)
        for length in count(1)
        for chosen in product(letters, repeat=length)
        if "".join(chosen) not in taken
    )
    counts = Counter(names)
    # Then most functions begin with the same text, (e,t,a), which compresses better.
    is_few = len(counts) <= len(letters)
    order = counts if is_few else [name for name, _ in counts.most_common()]
    return dict(zip(order, shorts, strict=False))


def _declared(tokens: list[_Token]) -> Iterator[tuple[_Token, bool]]:
    """The names in declarations, parameters and patterns, and whether they stand at the top."""
    for index, token in enumerate(tokens[:-2]):
        following = tokens[index + 1]
        is_top = token.use == "top"
        if token.text == "=>":
            yield from _names(tokens, tokens[index - 1].partner or index - 1, index, False)
        elif token.kind == "name" and token.text in ("const", "let"):
            yield from _names(tokens, index + 1, (following.partner or index + 1) + 1, is_top)
        elif token.kind == "name" and token.text in ("class", "function"):
            yield from _names(tokens, index + 1, index + 2, is_top)
        if following.text == "(" and _has_parameters(
            token, tokens[index - 1], tokens[following.partner + 1]
        ):
            yield from _names(tokens, index + 2, following.partner, False)


def _has_parameters(token: _Token, before: _Token, behind: _Token) -> bool:
    """Whether the parentheses behind *token* hold parameters."""
    is_function = token.use == "key" or token.kind == "private" or before.text == "function"
    return behind.text == "{" and (is_function or token.text in ("catch", "constructor"))


def _names(
    tokens: list[_Token], start: int, end: int, is_top: bool
) -> Iterator[tuple[_Token, bool]]:
    return ((token, is_top) for token in tokens[start:end] if token.use in ("name", "short"))


def _write(tokens: list[_Token]) -> str:
    written: list[str] = []
    last = ""
    idle = _idle_parentheses(tokens)
    for index, token in enumerate(tokens):
        if index in idle:
            continue
        is_last = token.kind == "sign" and token.text in ")]}"
        if is_last and (last == "," or (token.text == "}" and last == ";")):
            written.pop()
        elif re.match(r"[\w$]\Z", last[-1:]) and re.match(r"[\w$#]", token.text):
            written.append(" ")
        written.append(token.text)
        last = token.text
    return "".join(written)


def _idle_parentheses(tokens: list[_Token]) -> set[int]:
    """Those around the one parameter of an arrow function, which is a name."""
    idle: set[int] = set()
    for index, token in enumerate(tokens):
        start = tokens[index - 1].partner
        if token.text == "=>" and start == index - 3 and tokens[start + 1].kind == "name":
            idle.update((start, index - 1))
    return idle
