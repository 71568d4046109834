"""File names of the Universal Category System, by which sound effects are filed everywhere.

A name reads `CatID(-UserCategory)_(VendorCategory-)FXName_CreatorID_SourceID(_UserData).ext`; the CatID (DOORWood) is
the only part that must be there and names category and subcategory. Names and CatIDs of version 8.2.1,
universalcategorysystem.com.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from types import MappingProxyType

from soundstage.knowledge.catalogue import DATA


@dataclass(frozen=True)
class Category:
    """One entry of the system: its CatID, and in lower case its category and subcategory ("doors", "wood")."""

    id: str
    name: str
    part: str

    @property
    def words(self) -> str:
        """What the category says of a sound ("doors wood"); "misc" and "general" say nothing."""
        return self.name if self.part in ("misc", "general") else f"{self.name} {self.part}"


@dataclass(frozen=True)
class UcsName:
    """A file name taken apart; the parts that are not there are empty."""

    category: Category
    title: str
    creator: str = ""
    source: str = ""
    user_category: str = ""
    vendor_category: str = ""
    user_data: str = ""

    @property
    def words(self) -> str:
        """All that the name says of the sound, in plain lower-case words: title first, then category."""
        said = [self.title, self.vendor_category, self.category.words]
        return " ".join(_spelt(part) for part in said if part)


@cache
def categories() -> Mapping[str, Category]:
    """All categories by CatID."""
    found = {}
    for line in (DATA / "ucs.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, parts = line.split(": ", 1)
        for entry in parts.split("; "):
            cat_id, part = entry.split("=", 1)
            found[cat_id] = Category(cat_id, name, part)
    return MappingProxyType(found)


def parse(name: str) -> UcsName | None:
    """Take a file name (or path) apart; None when it does not follow the system.

    The CatID must be one of the system's, case and all, and a title must follow; creator and source may be missing,
    because many libraries leave them out.
    """
    head, *blocks = PurePath(name).stem.split("_")
    cat_id, _, user_category = head.partition("-")
    category = categories().get(cat_id)
    if category is None or not blocks or not blocks[0].strip():
        return None
    before, dash, after = blocks[0].partition("-")
    vendor_category, title = (before, after) if dash and after.strip() else ("", blocks[0])
    creator, source, *rest = [*blocks[1:], "", ""]
    return UcsName(
        category=category,
        title=title.strip(),
        creator=creator.strip(),
        source=source.strip(),
        user_category=user_category.strip(),
        vendor_category=vendor_category.strip(),
        user_data="_".join(block for block in rest if block).strip(),
    )


def _spelt(text: str) -> str:
    """Words written together are taken apart: "CarPassBy2" is "car pass by 2"."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Za-z])(?=\d)", " ", text)
    return " ".join(re.findall(r"\w+", apart.lower()))
