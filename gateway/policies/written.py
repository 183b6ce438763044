"""The shape of a policy's file and of the table of figures, and what they are made into.

A person writes these: every mistake is said with its line, and nothing unknown is passed over, for
a need that is misspelt would be one that everybody meets.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import (
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from audit.attestation import FIGURES as STATED_FIGURES
from audit.attestation import Terms
from audit.policy import Figures, Item, Needs, Platform, Policy, Proof, Required, Test
from audit.roster import SchoolKind
from gateway.policies.written_figures import (
    NAMES,
    Id,
    Said,
    Written,
    WrittenChanges,
    WrittenStaffing,
)
from gateway.problem import listing, near_miss

MOST_ITEMS: Final = 100
KINDS: Final = "kinds"
CONDITIONS: Final = "conditions"
"""What validators find in their context: kinds of devices and conditions of alerts there are."""


def _known(names: tuple[str, ...], info: ValidationInfo, kind: str, what: str) -> tuple[str, ...]:
    there = (info.context or {}).get(kind)
    for name in names:
        if there is not None and name not in there:
            near = near_miss(name, there)
            raise ValueError(f"there is no {what} '{name}'{near}; there are: {listing(there)}")
    return names


class WrittenTerms(Written):
    """What is asked of an attestation."""

    longest_days: Annotated[int, Field(ge=1, le=3660)] = 365
    """It is good for so long at most."""

    longest_days_of: dict[SchoolKind, Annotated[int, Field(ge=1, le=3660)]] = Field(
        default_factory=dict
    )
    """For so long at schools of a kind."""

    files: Annotated[int, Field(ge=0, le=10)] = 1
    """So many files go with it at least."""

    figures: tuple[str, ...] = ()
    """Figures that it must state."""

    confirmed: bool = False
    """Whether a second person must have confirmed it."""

    @field_validator("figures")
    @classmethod
    def _of_the_list(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in STATED_FIGURES:
                near = near_miss(name, STATED_FIGURES)
                there = listing(sorted(STATED_FIGURES))
                raise ValueError(f"no attestation states '{name}'{near}; there are: {there}")
        return names

    def terms(self) -> Terms:
        """As it is judged by."""
        return Terms(
            longest_days=self.longest_days,
            longest_days_of={kind.value: days for kind, days in self.longest_days_of.items()},
            files=self.files,
            figures=self.figures,
            confirmed=self.confirmed,
        )


class WrittenPlatform(Written):
    """What shows that video reaches a platform."""

    attested_as: Id
    """The item of the attestation that counts where nothing measures it."""

    reported: bool = False
    """Whether a recorder's own report counts that it is registered with the police's platform."""

    ours: bool = False
    """Whether this gateway is that platform, so that being registered here is reaching it."""


class WrittenNeeds(Written):
    """What each required device, or the school, needs."""

    working: tuple[str, ...] = ()
    """Conditions of alerts while one of which a device does not work."""

    picture: tuple[str, ...] = ()
    """Conditions of alerts while one of which a camera's picture is of no use."""

    recorded: bool = False
    """Whether recordings must reach back the required days, without gaps."""

    linked: bool = False
    """Whether a link to the police must be up."""

    tested: tuple[Test, ...] = ()
    """Tests that show that an alarm reaches the police; one of them must be young enough."""

    tested_each: bool = False
    """Whether every button must have been tested by itself."""

    platform: WrittenPlatform | None = None
    """The platform that the video must reach."""

    @field_validator("working", "picture")
    @classmethod
    def _conditions(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return _known(names, info, CONDITIONS, "condition")

    @model_validator(mode="after")
    def _each_by_buttons(self) -> WrittenNeeds:
        if self.tested_each and Test.BUTTON not in self.tested:
            raise ValueError("tested_each needs 'button' among tested: others are of no device")
        return self

    def needs(self) -> Needs:
        """As it is judged by."""
        return Needs(
            working=self.working,
            picture=self.picture,
            recorded=self.recorded,
            linked=self.linked,
            tested=self.tested,
            tested_each=self.tested_each,
            platform=None if self.platform is None else Platform(**self.platform.model_dump()),
        )


class WrittenDevices(Written):
    """Devices of one sort that an item is about."""

    kinds: Annotated[tuple[str, ...], Field(min_length=1)]
    """Kinds of devices."""

    needs: WrittenNeeds
    """What they need."""

    gate: bool = False
    """Whether it is about those at gates only."""

    @field_validator("kinds")
    @classmethod
    def _kinds(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return _known(names, info, KINDS, "kind of device")

    def required(self) -> Required:
        """As it is judged by."""
        return Required(kinds=self.kinds, needs=self.needs.needs(), gate=self.gate)


class WrittenItem(Written):
    """One item of a policy."""

    item: Id
    """Its id; attestations refer to it."""

    name_zh: Said
    """Its name in Chinese."""

    name_en: Said
    """Its name in English."""

    proof: Literal["devices", "attested"]
    """How it is proven."""

    devices: tuple[WrittenDevices, ...] = ()
    """Which devices, and what they need (proof: devices)."""

    attestation: WrittenTerms | None = None
    """What is asked of the attestation; with devices: of that of the platform."""

    attested_as: Id | None = None
    """The item of the attestations, where that is another one's (proof: attested)."""

    staffed: bool = False
    """Whether the stated figure `guards` is held against the staffing rule (proof: attested)."""

    @model_validator(mode="after")
    def _fits(self) -> WrittenItem:
        if self.proof == "devices":
            if not self.devices:
                raise ValueError("proven by devices: needs 'devices'")
            if self.staffed or self.attested_as:
                raise ValueError("proven by devices: 'staffed', 'attested_as' do not belong here")
            platforms = any(one.needs.platform for one in self.devices)
            if platforms != (self.attestation is not None):
                raise ValueError("'attestation' belongs to a 'platform', and each needs the other")
            return self
        if self.devices:
            raise ValueError("attested: 'devices' do not belong here")
        if self.attestation is None:
            raise ValueError("attested: needs 'attestation'")
        if self.staffed and "guards" not in self.attestation.figures:
            raise ValueError("staffed: the attestation must state the figure 'guards'")
        return self

    def made(self) -> Item:
        """As it is judged by."""
        return Item(
            id=self.item,
            name_zh=self.name_zh,
            name_en=self.name_en,
            proof=Proof(self.proof),
            required=tuple(one.required() for one in self.devices),
            terms=Terms() if self.attestation is None else self.attestation.terms(),
            staffed=self.staffed,
            attested_as=self.attested_as or "",
        )


class WrittenPolicy(Written):
    """A policy's file."""

    policy: Id
    """Its id: the name of the file."""

    version: Annotated[int, Field(ge=1)]
    """Counted up with each change that is put into effect."""

    valid_from: date
    """The day from which it is asked for."""

    name_zh: Said
    """Its name in Chinese."""

    name_en: Said
    """Its name in English."""

    source: Said
    """The notice or plan that it is taken from."""

    figures: WrittenChanges | None = None
    """Figures that are other than in ``figures.yaml``, each with its own source."""

    staffing: WrittenStaffing | None = None
    """The staffing rule, where it is another one."""

    items: Annotated[tuple[WrittenItem, ...], Field(min_length=1, max_length=MOST_ITEMS)]
    """What is asked for, in the order in which it is shown."""

    def made(self, shared: Figures) -> Policy:
        """As it is judged by, with the figures that all share."""
        changed: dict[str, Any] = {
            name: written.figure()
            for name in NAMES
            if (written := getattr(self.figures, name, None)) is not None
        }
        if self.staffing is not None:
            changed["staffing"] = self.staffing.rule()
        every = {name: getattr(shared, name) for name in Figures.__struct_fields__}
        return Policy(
            id=self.policy,
            version=self.version,
            valid_from=self.valid_from.isoformat(),
            name_zh=self.name_zh,
            name_en=self.name_en,
            source=self.source,
            items=tuple(item.made() for item in self.items),
            figures=Figures(**{**every, **changed}),
        )
