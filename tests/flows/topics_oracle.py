"""A plain reader of texts, written apart from `topics.match`: one token after the other, no columns."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlsplit

from flows import topics
from flows.topics.query import And, Near, Node, Not, Or, Term

LINK = re.compile(
    r"https?://[^\s<>\"]*?(?=[\s<>\"]|$|[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef\u0e00-\u0e7f\U0001f300-\U0001faff\u2764])"
)
CLITIC = re.compile(r"'(?:s|t|d|m|ll|re|ve)(?!\w)")
INVISIBLE = "\u200b\u200d\ufe0f\u00ad"


@dataclass(frozen=True)
class Token:
    kind: str  # word, letter (unspaced script), picture, handle, clitic, break
    text: str
    is_joined: bool = False  # to the token before, without a gap
    tag: str = ""  # the tag that begins here


@dataclass(frozen=True)
class Post:
    text: str | None
    handles: list[str]
    hashtags: list[str]
    links: list[str]
    language: str | None


def is_picture(sign: str) -> bool:
    return "\U0001f300" <= sign <= "\U0001faff" or sign == "❤"


def is_letter(sign: str) -> bool:
    return "\u3041" <= sign <= "\u30ff" or "\u4e00" <= sign <= "\u9fff" or "\u0e01" <= sign <= "\u0e5b"


def is_spaced(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LMN" and not is_letter(sign)


def folded(text: str, *, keep_accents: bool) -> str:
    text = re.sub(r"&(\w+|#\d+);", lambda found: html.unescape(found[0]), text)
    text = LINK.sub("\x00", "".join(sign for sign in text if sign not in INVISIBLE))
    text = unicodedata.normalize("NFKC", re.sub("[’`]", "'", text.replace("™", " "))).lower()
    text = re.sub("[\u0300-\u036f]", "", text).replace("ı", "i").replace("ß", "ss")
    if keep_accents:
        return text
    bare = (unicodedata.normalize("NFD", sign)[0] if "LATIN" in unicodedata.name(sign, "") else sign for sign in text)
    return "".join(bare).replace("ё", "е")


def run(text: str, at: int, accept: object) -> str:
    end = at
    while end < len(text) and accept(text[end]):  # type: ignore[operator]
        end += 1
    return text[at:end]


def handle_name(text: str, at: int) -> str:
    if at < len(text) and is_letter(text[at]):
        return run(text, at, lambda sign: is_letter(sign) or is_spaced(sign) or sign == "_")
    return run(text, at, lambda sign: is_spaced(sign) or sign == "_")


def plain_tokens(text: str, *, in_tag: bool = False) -> list[Token]:
    tokens: list[Token] = []
    at, before = 0, ""
    while at < len(text):
        sign, size = text[at], 1
        named = text[at:].lstrip("#") if sign == "#" else text[at:].lstrip("@")
        start = len(text) - len(named)
        kind = ""
        if sign == "\x00":
            tokens.append(Token("break", ""))
        elif sign == "#" and (tag := run(text, start, lambda s: is_letter(s) or is_spaced(s) or s == "_")):
            first, *others = plain_tokens(tag, in_tag=True)
            tokens += [replace(first, tag=tag), *others]
            size = start - at + len(tag)
        elif sign == "@" and not (at and is_spaced(text[at - 1])) and (name := handle_name(text, start)):
            tokens.append(Token("handle", name))  # and the letters of its name, if they are found anywhere
            tokens += [Token("letter", sign, is_joined=n > 0) for n, sign in enumerate(run(name, 0, is_letter))]
            size = start - at + len(name)
        elif sign == "'" and at and re.match(r"\w", text[at - 1]) and (clitic := CLITIC.match(text, at)):
            tokens.append(Token("clitic", clitic[0]))
            size = len(clitic[0])
        elif is_letter(sign) or is_picture(sign):
            kind = "letter" if is_letter(sign) else "picture"
            tokens.append(Token(kind, sign, is_joined=before == kind))
        elif "\U0001f1e6" <= sign <= "\U0001f1ff":
            size = 2
            tokens.append(Token("word", text[at : at + 2]))
        elif is_spaced(sign) or (in_tag and sign == "_"):
            word = run(text, at, lambda s: is_spaced(s) or (in_tag and s == "_"))
            tokens.append(Token("word", word))
            size = len(word)
        elif sign in "&+%$€£¥#":
            tokens.append(Token("word", sign))
        at, before = at + size, kind
    return tokens


@lru_cache(maxsize=50_000)
def read(text: str, *, keep_accents: bool) -> tuple[Token, ...]:
    return tuple(plain_tokens(folded(text, keep_accents=keep_accents)))


@lru_cache
def needs_accents(term: Term) -> bool:
    return folded(term.text, keep_accents=True) != folded(term.text, keep_accents=False)


def spans(tokens: tuple[Token, ...], term: Term) -> list[tuple[int, int]]:
    """First and last position (clitics have none) of each place where the term stands."""
    sigil = {"handle": "@", "tag": "#"}.get(term.kind, "")
    wanted = read(sigil + term.text, keep_accents=needs_accents(term))
    if term.kind == "handle" and all(token.kind == "letter" for token in wanted[1:]):
        wanted = wanted[:1]  # the name's own letters, which stand behind it
    found = []
    for at in range(len(tokens) - len(wanted) + 1):
        if stands(tokens[at : at + len(wanted)], wanted, term):
            first = sum(token.kind != "clitic" for token in tokens[:at])
            found.append((first, first + sum(token.kind != "clitic" for token in wanted) - 1))
    return found


def stands(here: tuple[Token, ...], wanted: tuple[Token, ...], term: Term) -> bool:
    if term.kind == "tag":
        tag = here[0].tag
        return bool(tag) and (tag.startswith(wanted[0].tag) if term.is_prefix else tag == wanted[0].tag)
    for number, (token, want) in enumerate(zip(here, wanted, strict=True)):
        is_last = number == len(wanted) - 1
        same = token.text.startswith(want.text) if term.is_prefix and is_last else token.text == want.text
        if token.kind != want.kind or not same or (number and token.is_joined != want.is_joined):
            return False
    return True


def streams_of(post: Post, term: Term) -> list[tuple[Token, ...]]:
    """The tokens of the text, and of each value of the post's handles and tags."""
    fields = ["@" + handle for handle in post.handles] + ["#" + tag for tag in post.hashtags]
    return [read(part, keep_accents=needs_accents(term)) for part in [post.text or "", *fields]]


def has(post: Post, term: Term) -> bool:
    if term.kind == "lang":
        return re.split("[-_]", (post.language or "").lower())[0] == term.text
    if term.kind == "domain":
        urls = post.links + LINK.findall(html.unescape(post.text or ""))
        hosts = [urlsplit(url).hostname or "" for url in urls]
        return any(host == term.text or host.endswith("." + term.text) for host in hosts)
    return any(spans(tokens, term) for tokens in streams_of(post, term))


def holds(post: Post, node: Node) -> bool:
    match node:
        case Term():
            return has(post, node)
        case Not(operand):
            return not holds(post, operand)
        case And(operands):
            return all(holds(post, operand) for operand in operands)
        case Or(operands):
            return any(holds(post, operand) for operand in operands)
        case Near(left, right, distance):
            sides = [[s for term in side for s in spans(streams_of(post, term)[0], term)] for side in (left, right)]
            gaps = [max(a[0] - b[1], b[0] - a[1]) for a in sides[0] for b in sides[1]]
            return any(1 <= gap <= distance for gap in gaps)


def positive(node: Node) -> list[Term]:
    match node:
        case Term():
            return [node]
        case Not():
            return []
        case Near(left, right):
            return [*left, *right]
        case And(operands) | Or(operands):
            return [term for operand in operands for term in positive(operand)]


def expected(posts: list[Post], query: str) -> list[tuple[int, list[str]]]:
    root = topics.parse(query).root
    return [
        (row, list(dict.fromkeys(t.spelling for t in positive(root) if t.kind != "lang" and has(post, t))))
        for row, post in enumerate(posts)
        if holds(post, root)
    ]
