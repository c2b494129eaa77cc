"""Every text the synthetic world can say, with the truth of what each one names, feels and wants."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

LANGUAGES = ("en", "de", "es", "ru", "zh", "lt", "tr", "ja")


@dataclass(frozen=True)
class Entity:
    """Something one can speak of, and the query that finds it; `surface` is what the texts call it, per language."""

    entity_id: str
    name: str
    kind: str  # brand | product | campaign
    own: bool
    query: str
    handle: str | None = None
    chinese: str | None = None
    cyrillic: str | None = None

    def surface(self, language: str) -> list[str]:
        """The forms of the name that texts of this language use; each satisfies the query."""
        if self.handle is None:
            return {"product": ["LumiCabin", "#LumiCabin", "Lumi Cabin"], "campaign": ["#FlyLighter"]}[self.kind]
        if language == "zh":
            return [str(self.chinese)]
        if language == "ru":
            return [self.name, str(self.cyrillic), f"@{self.handle}"]
        if language in ("de", "es", "lt", "ja"):
            return [self.name, f"@{self.handle}"]
        return [self.name, f"@{self.handle}", f"#{self.name.split()[0]}Air", self.name.upper()]


ENTITIES = (
    Entity(
        "acme", "Acme Air", "brand", True,
        '("acme air" OR @acmeair OR #acmeair OR "акме эйр" OR 艾克美航空) NOT recipe',
        "acmeair", "艾克美航空", "Акме Эйр",
    ),
    Entity(
        "globex", "Globex Air", "brand", False,
        '"globex air" OR @globexair OR #globexair OR "глобекс эйр" OR 格洛贝航空',
        "globexair", "格洛贝航空", "Глобекс Эйр",
    ),
    Entity(
        "initech", "Initech Airways", "brand", False,
        '"initech airways" OR @initechair OR #initechair OR "инитек эйрвейз" OR 伊尼泰克航空',
        "initechair", "伊尼泰克航空", "Инитек Эйрвейз",
    ),
    Entity("lumicabin", "Acme LumiCabin", "product", True, 'lumicabin OR #lumicabin OR "lumi cabin"'),
    Entity("flylighter", "Fly Lighter", "campaign", True, "#flylighter"),
)  # fmt: skip
"""The entities of the world; bit i of a post's entity mask is ENTITIES[i]. All names are invented."""
BRANDS = 3  # the first three are the competing brands; product and campaign belong to the first
NOBODY = -1  # subject of a text that is about none of them

FEELING = {
    "praise": ("positive", "praise"), "complaint": ("negative", "complaint"), "question": ("neutral", "question"),
    "news": ("neutral", None), "purchase": ("neutral", "purchase intent"), "product_praise": ("positive", "praise"),
    "product_complaint": ("negative", "complaint"), "compare": ("neutral", None), "campaign": ("positive", None),
    "crisis": ("negative", "complaint"), "rumour": ("negative", "rumour"), "owned": ("neutral", None),
    "employee": ("positive", "job"), "media": ("neutral", None), "answer": ("neutral", None),
    "thanks": ("positive", "thanks"), "follow_up": ("negative", "complaint"), "chat": ("neutral", None),
    "decoy": ("neutral", None), "noise": ("neutral", None), "story_praise": ("positive", None),
    "story_complaint": ("negative", "complaint"), "story_question": ("neutral", "question"),
    "story_news": ("neutral", None), "story_product": ("neutral", None), "story_compare": ("neutral", None),
    "story_campaign": ("neutral", None), "story_crisis": ("negative", None), "story_decoy": ("neutral", None),
    "story_noise": ("neutral", None), "story_body": ("neutral", None),
}  # fmt: skip
"""theme → the sentiment and the intent that its texts were written to have."""
THEMES = tuple(FEELING)
_ABOUT_ACME = {"product_praise", "product_complaint", "story_product", "campaign", "story_campaign", "crisis",
               "story_crisis", "rumour"}  # fmt: skip
_ABOUT_NOBODY = {"chat", "thanks", "follow_up", "decoy", "noise", "story_decoy", "story_noise", "story_body"}


@cache
def load() -> dict[str, dict[str, list[str] | str]]:
    """The texts by language and theme, as written."""
    return tomllib.loads(Path(__file__).with_name("phrases.toml").read_text("utf-8"))


def themed(language: str, theme: str) -> list[str] | str:
    """The language's texts on a theme; English where it has none."""
    texts = load()
    return texts[language].get(theme) or texts["en"][theme]


def _subjects(theme: str) -> list[int]:
    if theme in _ABOUT_NOBODY:
        return [NOBODY]
    return [0] if theme in _ABOUT_ACME else list(range(BRANDS))


def _filled(template: str, subject: int, language: str) -> Iterator[tuple[str, int]]:
    """Every way to fill the template's slots, each with the mask of the entities named."""
    product, campaign = ENTITIES[BRANDS], ENTITIES[BRANDS + 1]
    slots: dict[str, list[tuple[str, int]]] = {}
    if "{b}" in template:
        slots["{b}"] = [(form, 1 << subject) for form in ENTITIES[subject].surface(language)]
    if "{h}" in template:
        slots["{h}"] = [(f"@{ENTITIES[subject].handle}", 1 << subject)]
    if "{o}" in template:
        others = [other for other in range(BRANDS) if other != subject]
        slots["{o}"] = [(ENTITIES[other].surface(language)[0], 1 << other) for other in others]
    if "{p}" in template:
        slots["{p}"] = [(form, 1 << BRANDS) for form in product.surface(language)]
    if "{c}" in template:
        slots["{c}"] = [(form, 1 << (BRANDS + 1)) for form in campaign.surface(language)]
    for choice in itertools.product(*slots.values()):
        text, mask = template, 0
        for slot, (form, bit) in zip(slots, choice, strict=True):
            text, mask = text.replace(slot, form), mask | bit
        yield text, mask


@cache
def table() -> pl.DataFrame:
    """One row a text without its number: theme, subject, language (all as codes), head and tail around {n}, mask.

    `tail` is NULL where the text has no number. Sorted by theme, subject, language, so that a group is a slice.
    """
    rows = []
    for (theme_no, theme), (language_no, language) in itertools.product(enumerate(THEMES), enumerate(LANGUAGES)):
        for subject, template in itertools.product(_subjects(theme), themed(language, theme)):
            spoken = language if theme in load()[language] else "en"
            for text, mask in _filled(template, subject, spoken):
                head, has_number, tail = text.partition("{n}")
                rows.append((theme_no, subject, language_no, spoken, head, tail if has_number else None, mask))
    columns = ["theme", "subject", "language", "spoken", "head", "tail", "mask"]
    return pl.DataFrame(rows, schema=columns, orient="row").sort("theme", "subject", "language", maintain_order=True)
