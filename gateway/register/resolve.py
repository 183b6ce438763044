"""From entries to candidates: keys made, references resolved, what leads nowhere left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, TypeAlias

import msgspec

from devices.dialects.native import Native
from devices.kinds import KindSpec, effective_rules
from gateway.kinds import RuleModels, parameter_mistakes
from gateway.problem import Problem
from gateway.register.entries import Entry, Parsed, Table
from gateway.register.references import References, not_loaded
from gateway.register.register import Key, Parameters, Register

_NAMED: Final = {Table.REGIONS, Table.SCHOOLS, Table.PLACES}


class Candidate(msgspec.Struct):
    """An entry on its way into the register; ``values`` hold ids in place of words."""

    entry: Entry
    values: dict[str, object]


Candidates: TypeAlias = dict[Key, Candidate]


class Resolver:
    """Resolves table after table, in the order in which they refer to each other.

    ``found`` are the candidates that are left, ``dropped`` those that are not and ``problems``
    why.
    """

    def __init__(
        self,
        parsed: Parsed,
        register: Register,
        kinds: Mapping[str, KindSpec],
        rules: RuleModels,
        dialects: Collection[str],
    ) -> None:
        self._register = register
        self._kinds = kinds
        self._rules = rules
        self._spoiled = parsed.spoiled
        self._references = References(register, kinds, dialects, parsed.spoiled)
        self._entries: dict[Table, list[Entry]] = {table: [] for table in Table}
        for entry in parsed.entries:
            self._entries[entry.table].append(entry)
        self.found: dict[Table, Candidates] = {table: {} for table in Table}
        self.dropped: set[tuple[Table, Key]] = set()
        self.problems: list[Problem] = []
        self._regions()
        self._schools()
        self._places()
        self._parameters()
        self._devices()

    # --- the tables ---------------------------------------------------------------------------

    def _regions(self) -> None:
        table = Table.REGIONS
        for entry in self._entries[table]:
            self._references.learn(table, "", entry)
            self._add(table, (entry.text("id"),), entry)
        find = self._references.find
        self._refer(table, "parent", lambda word, _: find(Table.REGIONS, "", word))
        self._settle(table, "parent")

    def _schools(self) -> None:
        table = Table.SCHOOLS
        for entry in self._entries[table]:
            self._references.learn(table, "", entry)
            self._add(table, (entry.text("id"),), entry)
        self._refer(table, "region", self._region)

    def _places(self) -> None:
        table = Table.PLACES
        for entry in self._entries[table]:
            school = self._school_of(entry)
            if school is not None:
                self._references.learn(table, school, entry)
                self._add(table, (school, entry.text("id")), entry, school=school)
        find = self._references.find
        self._refer(table, "parent", lambda word, key: find(Table.PLACES, key[0], word))
        self._settle(table, "parent")

    def _parameters(self) -> None:
        table = Table.PARAMETERS
        for entry in self._entries[table]:
            school = self._school_of(entry)
            kind = self._try(entry, "kind", self._references.kind)
            if school is not None and kind is not None:
                self._add(table, (school, kind), entry)
        for key, candidate in list(self.found[table].items()):
            around = self._kinds[key[1]].rules
            self._check_rules(table, key, "rules", candidate.values["rules"], around)

    def _devices(self) -> None:
        table = Table.DEVICES
        for entry in self._entries[table]:
            school = self._school_of(entry)
            if school is not None:
                self._add(table, (school, entry.text("id")), entry, school=school)
        self._refer(table, "kind", lambda word, _: self._references.kind(word))
        self._refer(table, "dialect", lambda word, _: self._references.dialect(word))
        for candidate in self.found[table].values():
            if candidate.values.get("dialect", "") is None:  # an empty cell is the native one
                candidate.values["dialect"] = Native.name
        self._refer(table, "place", self._place)
        self._settle(table, "repeater")
        self._check_addresses()
        for key, candidate in list(self.found[table].items()):
            if candidate.values.get("parameters"):
                kind = str(candidate.values["kind"])
                around = effective_rules(self._kinds[kind], self._school_parameters(key[0], kind))
                self._check_rules(table, key, "parameters", candidate.values["parameters"], around)

    # --- references ---------------------------------------------------------------------------

    def _region(self, word: str, _: Key) -> str:
        found = self._references.find(Table.REGIONS, "", word)
        return self._loaded(Table.REGIONS, (found,))

    def _place(self, word: str, key: Key) -> str:
        found = self._references.find(Table.PLACES, key[0], word)
        return self._loaded(Table.PLACES, (key[0], found))

    def _school_of(self, entry: Entry) -> str | None:
        def find(word: str) -> str:
            found = self._references.find(Table.SCHOOLS, "", word)
            return self._loaded(Table.SCHOOLS, (found,))

        return self._try(entry, "school", find)

    def _loaded(self, table: Table, key: Key) -> str:
        """The id, if it is registered or will be. Raises ``ValueError`` if its entry is bad."""
        if not self._known(table, key):
            raise ValueError(not_loaded(table, key[-1]))
        return key[-1]

    def _known(self, table: Table, key: Key) -> bool:
        return key in self.found[table] or self._register.get(table, key) is not None

    def _try(self, entry: Entry, name: str, find: Callable[[str], str]) -> str | None:
        try:
            return find(entry.text(name))
        except ValueError as error:
            self.problems.append(entry.problem(name, str(error)))
            return None

    def _add(self, table: Table, key: Key, entry: Entry, **values: object) -> None:
        found = self.found[table]
        if key in found:
            first = found[key].entry.position
            name = "id" if "id" in entry.values else "kind"
            message = f"'{key[-1]}' is in {first.file}:{first.line} too"
            self.problems.append(entry.problem(name, message))
            return
        if table in _NAMED and not entry.text("name_zh") and self._nameless(table, key, entry):
            one = table.value.removesuffix("s")
            self.dropped.add((table, key))
            self.problems.append(entry.problem("name_zh", f"a {one} needs a name"))
            return
        found[key] = Candidate(entry, {**entry.values, **values})

    def _nameless(self, table: Table, key: Key, entry: Entry) -> bool:
        """Whether it would be without a name: the file empties it, or gives none to a new one."""
        return "name_zh" in entry.values or self._register.get(table, key) is None

    def _refer(self, table: Table, name: str, find: Callable[[str, Key], str]) -> None:
        """Put ids in the place of words; drop what refers to nothing."""
        for key, candidate in list(self.found[table].items()):
            word = candidate.values.get(name)
            if isinstance(word, str) and word:
                try:
                    candidate.values[name] = find(word, key)
                except ValueError as error:
                    self._drop(table, key, name, str(error))

    def _drop(self, table: Table, key: Key, name: str, message: str) -> None:
        candidate = self.found[table].pop(key)
        self.dropped.add((table, key))
        self.problems.append(candidate.entry.problem(name, message))

    def _settle(self, table: Table, name: str) -> None:
        """Drop what stands under nothing or under itself, and then what stands under that."""
        self._drop_circles(table, name)
        found = self.found[table]
        unsettled = True
        while unsettled:
            unsettled = False
            for key, candidate in list(found.items()):
                above = candidate.values.get(name)
                if isinstance(above, str) and not self._known(table, (*key[:-1], above)):
                    self._drop(table, key, name, self._nowhere(table, key, above))
                    unsettled = True

    def _nowhere(self, table: Table, key: Key, above: str) -> str:
        other = (*key[:-1], above)
        if (table, other) in self.dropped or (table, above) in self._spoiled:
            return not_loaded(table, above)
        inside = f" in school '{key[0]}'" if len(key) > 1 else ""
        return f"there is no {table.value.removesuffix('s')} '{above}'{inside}"

    def _drop_circles(self, table: Table, name: str) -> None:
        found = self.found[table]

        def above(key: Key) -> Key | None:
            if key in found and name in found[key].values:
                parent = found[key].values[name]
            else:
                parent = getattr(self._register.get(table, key), name, None)
            return (*key[:-1], parent) if isinstance(parent, str) else None

        done: set[Key] = set()
        for start in list(found):
            path: list[Key] = []
            at: Key | None = start
            while at is not None and at not in done:
                done.add(at)
                path.append(at)
                at = above(at)
            if at is not None and at in path:
                circle = path[path.index(at) :]
                names = " → ".join(key[-1] for key in [*circle, at])
                for key in circle:
                    if key in found:
                        self._drop(table, key, name, f"goes in a circle: {names}")

    # --- what must be true of devices and parameters ------------------------------------------

    def _school_parameters(self, school: str, kind: str) -> Parameters | None:
        given = self.found[Table.PARAMETERS].get((school, kind))
        if given is None:
            return self._register.parameters.get((school, kind))
        rules = given.values["rules"]
        return rules if isinstance(rules, dict) else None

    def _check_rules(
        self,
        table: Table,
        key: Key,
        name: str,
        parameters: object,
        around: Mapping[str, Mapping[str, object]],
    ) -> None:
        mistakes = parameter_mistakes(parameters, self._rules, around)
        if not mistakes:
            return
        entry = self.found[table].pop(key).entry
        self.dropped.add((table, key))
        label = entry.labels.get(name, name)
        where = entry.position
        self.problems += [
            Problem(where.file, where.line, f"{label}.{field}", message)
            for field, message in mistakes
        ]

    def _check_addresses(self) -> None:
        """Two devices of a school that speak under one address could not be told apart."""
        found = self.found[Table.DEVICES]
        taken: dict[tuple[str, str, str], Key] = {}
        for key, device in self._register.devices.items():
            if key not in found and device.address:
                taken[device.school, device.dialect, device.address] = key
        for key, candidate in list(found.items()):
            before = self._register.devices.get(key)
            dialect = candidate.values.get("dialect", before.dialect if before else Native.name)
            address = candidate.values.get("address", before.address if before else "")
            if not address:
                continue
            place = (key[0], str(dialect), str(address))
            if place in taken:
                other = taken[place][-1]
                message = f"'{address}' is the address of device '{other}' already"
                self._drop(Table.DEVICES, key, "address", message)
            else:
                taken[place] = key
