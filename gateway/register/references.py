"""What entries may refer to: words of a file (ids, Chinese or English names) become ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from devices.kinds import KindSpec
from gateway.problem import listing, near_miss
from gateway.register.entries import Entry, Table
from gateway.register.register import Register

SUGGESTIONS: Final = 50


class Names:
    """Words that stand for ids. An id stands for itself; a name that two share for neither."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._names: dict[str, str | None] = {}
        self._asked: dict[str, str] = {}

    def learn(self, own: str, names: Iterable[str]) -> None:
        """Let an id and its names be found."""
        self._ids[own.casefold()] = own
        for name in names:
            if name:
                word = name.casefold()
                self._names[word] = own if self._names.get(word, own) == own else None

    def find(self, word: str) -> str | None:
        """The id a word stands for. Raises ``LookupError`` when it stands for several."""
        key = word.casefold()
        if key in self._ids:
            return self._ids[key]
        if key in self._names and self._names[key] is None:
            raise LookupError(word)
        return self._names.get(key)

    def near(self, word: str) -> str:
        """A question naming the word that was probably meant; the first wrong words get one.

        Comparing is slow, and a file with a wrong column has as many wrong words as rows.
        """
        if word not in self._asked and len(self._asked) < SUGGESTIONS:
            self._asked[word] = near_miss(word.casefold(), [*self._ids, *self._names])
        return self._asked.get(word, "")


class References:
    """Everything that can be referred to: the register as it is, and what the files add to it.

    Lookups raise ``ValueError`` that says what is wrong and what there is.
    """

    def __init__(
        self,
        register: Register,
        kinds: Mapping[str, KindSpec],
        dialects: Collection[str],
        spoiled: Collection[tuple[Table, str]],
    ) -> None:
        self._kinds = kinds
        self._dialects = dialects
        self._spoiled = spoiled
        self._names: dict[tuple[Table, str], Names] = {}
        self._kind_names = Names()
        for kind, spec in kinds.items():
            self._kind_names.learn(kind, (spec.name_zh, spec.name_en))
        for region in register.regions.values():
            self._of(Table.REGIONS, "").learn(region.id, (region.name_zh, region.name_en))
        for school in register.schools.values():
            self._of(Table.SCHOOLS, "").learn(school.id, (school.name_zh, school.name_en))
        for place in register.places.values():
            self._of(Table.PLACES, place.school).learn(place.id, (place.name_zh, place.name_en))

    def _of(self, table: Table, school: str) -> Names:
        return self._names.setdefault((table, school), Names())

    def learn(self, table: Table, school: str, entry: Entry) -> None:
        """Let others refer to an entry of the files."""
        names = (entry.text("name_zh"), entry.text("name_en"))
        self._of(table, school).learn(entry.text("id"), names)

    def find(self, table: Table, school: str, word: str) -> str:
        """The id of a region, school, or place of a school (``school`` is empty for the others)."""
        names = self._of(table, school)
        one = table.value.removesuffix("s")
        inside = f" in school '{school}'" if school else ""
        try:
            found = names.find(word)
        except LookupError as error:
            message = f"more than one {one}{inside} is called '{word}'; give its id"
            raise ValueError(message) from error
        if found is not None:
            return found
        if (table, word) in self._spoiled:
            raise ValueError(not_loaded(table, word))
        raise ValueError(f"there is no {one} '{word}'{inside}{names.near(word)}")

    def kind(self, word: str) -> str:
        """The id of a kind, from its id or either name."""
        try:
            found = self._kind_names.find(word)
        except LookupError as error:
            raise ValueError(f"more than one kind is called '{word}'; give its id") from error
        if found is None:
            near, known = self._kind_names.near(word), listing(self._kinds)
            raise ValueError(f"there is no kind '{word}'{near}; there are: {known}")
        return found

    def dialect(self, word: str) -> str:
        """The name of a dialect."""
        for name in self._dialects:
            if name.casefold() == word.casefold():
                return name
        near, known = near_miss(word.casefold(), self._dialects), listing(self._dialects)
        raise ValueError(f"there is no dialect '{word}'{near}; there are: {known}")


def not_loaded(table: Table, own: str) -> str:
    """Why an entry that is in the files cannot be referred to."""
    return f"the {table.value.removesuffix('s')} '{own}' is not loaded: its entry has a problem"
