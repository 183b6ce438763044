"""The evidence log: heads, the proof of a fact, bundles for auditors, and the work of a witness."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from fastapi.responses import FileResponse, JSONResponse, Response

from alerts.alert import Refusal
from audit.evidence.bundle import Scope, ScopeKind
from gateway.api.cursors import DEFAULT_LIMIT, Cursor, Limit, cursor, row_in
from gateway.api.guard import Auditor
from gateway.api.models.evidence import (
    BundleIn,
    BundleOut,
    ConsistencyOut,
    EvidenceStateOut,
    FactProofOut,
    HeadOut,
    TargetOut,
    WitnessedOut,
    WitnessElseOut,
    WitnessIn,
    WitnessLineOut,
    WitnessOut,
)
from gateway.api.models.shapes import Items, Page
from gateway.api.problems import REFUSABLE, Problem, invalid, not_found, refused
from gateway.api.routes.verifications import Name
from gateway.api.services import Services, ServicesHere
from gateway.evidence.bundles import BundleState, Run
from gateway.evidence.desk import Target
from gateway.evidence.exporting import Wanted
from gateway.evidence.keys import EvidenceKeyError
from gateway.evidence.service import EvidenceError
from gateway.evidence.witness import Refused
from gateway.security.access import Caller, What, may
from gateway.store.read.evidence import Cosignature, HeadRow

router = APIRouter(tags=["evidence"])

Number = Annotated[int, Query(ge=0, le=2**53)]
Row = Annotated[int, InPath(ge=1, le=2**53)]

_ZIP: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_OTHER_SIZE: Final[dict[int | str, dict[str, Any]]] = {
    409: {"model": WitnessElseOut, "description": "Prove from the size that was seen last."}
}


@router.get("/evidence/state", operation_id="get_evidence_state")
async def get_evidence_state(services: ServicesHere, _caller: Auditor) -> EvidenceStateOut:
    """How the log stands, where its heads go, and whose heads this gateway has countersigned."""
    with _unbroken():
        state = await services.audit.evidence.state()
    heads = await services.audit.evidence.heads(None, 1)
    return EvidenceStateOut(
        name=state.name,
        key=state.key,
        size=state.size,
        last=state.last,
        behind=state.behind,
        interval_ms=state.interval_ms,
        head=_head_out(*heads[0]) if heads else None,
        targets=[_target_out(one) for one in state.targets],
        witnessed=[
            WitnessedOut(
                name=one.origin, size=one.size, root=one.root.hex(), at=one.at, heads=one.heads
            )
            for one in state.witnessed
        ],
    )


@router.get("/evidence/heads", operation_id="list_evidence_heads")
async def list_evidence_heads(
    services: ServicesHere,
    _caller: Auditor,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[Cursor, Query(alias="cursor")] = None,
) -> Page[HeadOut]:
    """The signed heads, the newest first."""
    found = await services.audit.evidence.heads(row_in(after), limit + 1)
    items = [_head_out(head, lines) for head, lines in found[:limit]]
    return Page(items=items, next=cursor((items[-1].size,)) if len(found) > limit else None)


@router.post("/evidence/heads", operation_id="sign_evidence_head", status_code=HTTPStatus.CREATED)
async def sign_evidence_head(services: ServicesHere, _caller: Auditor) -> HeadOut:
    """Sign a head now, over all facts there are; else that is done at intervals."""
    with _unbroken():
        return _head_out(await services.audit.evidence.sign(), [])


@router.get("/evidence/consistency", operation_id="get_evidence_consistency")
async def get_evidence_consistency(
    services: ServicesHere, _caller: Auditor, old: Number, new: Number
) -> ConsistencyOut:
    """The proof that the log of one size is the beginning of that of another."""
    with _unbroken():
        proof = await services.audit.evidence.consistency(old, new)
    if proof is None:
        raise invalid("new", "must be a size of the log, and not below old")
    return ConsistencyOut(old=old, new=new, proof=[one.hex() for one in proof])


@router.get("/evidence/facts/{row}/proof", operation_id="get_fact_proof")
async def get_fact_proof(services: ServicesHere, caller: Auditor, row: Row) -> FactProofOut:
    """A fact, its leaf with the salts, and the path to the root of the first head that holds it."""
    with _unbroken():
        proof = await services.audit.evidence.proof(
            row, lambda school: may(caller, What.PROVE, school or None)
        )
    if proof is None:
        raise not_found(f"fact {row}")
    line = proof.line
    return FactProofOut(
        row=row,
        index=line.index,
        leaf=line.leaf,
        hash=proof.hash.hex(),
        subject=line.subject or "",
        subject_salt=line.subject_salt or "",
        actor=line.actor or "",
        actor_salt=line.actor_salt or "",
        body=line.body or "",
        body_salt=line.body_salt or "",
        school=proof.school or None,
        changed=proof.changed,
        head=None if proof.head is None else _head_out(proof.head, list(proof.cosignatures)),
        path=[one.hex() for one in proof.path],
    )


@router.post("/evidence/witness", operation_id="witness_head", responses=REFUSABLE | _OTHER_SIZE)
async def witness_head(services: ServicesHere, caller: Auditor, wanted: WitnessIn) -> Response:
    """Countersign the head of another gateway's log, if it grew from the one seen last."""
    with _unbroken():
        answer = await services.audit.evidence.countersign(
            caller.name,
            note=wanted.note,
            key=wanted.key,
            old=wanted.old,
            proof=[bytes.fromhex(one) for one in wanted.proof],
        )
    if answer.refused is None:
        return _json(WitnessOut(line=answer.line, size=answer.size))
    if answer.refused is Refused.OTHER_SIZE:
        return _json(WitnessElseOut(size=answer.size), HTTPStatus.CONFLICT)
    if answer.refused is Refused.UNREADABLE:
        raise invalid("note", answer.detail)
    raise Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"head_{answer.refused}",
        "This head is not countersigned.",
    )


@router.get("/evidence/bundles", operation_id="list_bundles")
async def list_bundles(services: ServicesHere, caller: Auditor) -> Items[BundleOut]:
    """The caller's own, the newest first. A restart of the gateway forgets them."""
    return Items(
        items=[
            _bundle_out(run)
            for run in services.audit.evidence.bundles.of(caller.name)
            if _sees(services, caller, run.wanted.scope)
        ]
    )


@router.post(
    "/evidence/bundles",
    operation_id="begin_bundle",
    status_code=HTTPStatus.CREATED,
    responses=REFUSABLE,
)
async def begin_bundle(services: ServicesHere, caller: Auditor, wanted: BundleIn) -> BundleOut:
    """Begin to write a bundle. One at a time for each person."""
    scope = _scope(services, caller, wanted)
    # Of this very millisecond there may be more to come.
    now = services.clock.now() - 1
    at = now if wanted.at is None else wanted.at
    if at > now:
        raise invalid("at", "must be over")
    begun = await services.audit.evidence.bundles.begin(
        Wanted(scope=scope, at=at, actors=wanted.actors, heads=tuple(wanted.heads)), caller.name
    )
    if isinstance(begun, Refusal):
        raise refused(begun.code, begun.detail)
    return _bundle_out(begun)


@router.get("/evidence/bundles/{id}", operation_id="get_bundle")
async def get_bundle(
    services: ServicesHere,
    caller: Auditor,
    id: Name,  # noqa: A002
) -> BundleOut:
    """One as it stands."""
    return _bundle_out(_own(services, caller, id))


@router.get(
    "/evidence/bundles/{id}/file",
    operation_id="download_bundle",
    response_class=FileResponse,
    responses=_ZIP,
)
async def download_bundle(
    services: ServicesHere,
    caller: Auditor,
    id: Name,  # noqa: A002
) -> FileResponse:
    """The file, once it is done; `campus audit verify` checks it anywhere."""
    run = _own(services, caller, id)
    if run.state is not BundleState.DONE:
        raise not_found(f"file of bundle {id}")
    return FileResponse(run.path, media_type="application/zip", filename=_file_name(run))


@router.delete(
    "/evidence/bundles/{id}", operation_id="cancel_bundle", status_code=HTTPStatus.ACCEPTED
)
async def cancel_bundle(
    services: ServicesHere,
    caller: Auditor,
    id: Name,  # noqa: A002
) -> BundleOut:
    """Break it off; it is over soon after. What is over stays as it is."""
    run = _own(services, caller, id)
    services.audit.evidence.bundles.cancel(run)
    return _bundle_out(run)


def _scope(services: Services, caller: Caller, wanted: BundleIn) -> Scope:
    """What was asked for, if all of it is in the caller's scope."""
    if wanted.school is not None and wanted.region is not None:
        raise invalid("region", "give either a school or a region")
    scope = Scope(ScopeKind.ALL)
    if wanted.school is not None:
        scope = Scope(ScopeKind.SCHOOL, wanted.school)
    elif wanted.region is not None:
        scope = Scope(ScopeKind.REGION, wanted.region)
    if _sees(services, caller, scope):
        return scope
    if scope.kind is ScopeKind.ALL:
        raise invalid("region", "is missing: your scope is not everything")
    raise not_found(f"{scope.kind} {scope.id}")


def _sees(services: Services, caller: Caller, scope: Scope) -> bool:
    """Whether all that a bundle may hold is in the caller's scope."""
    if scope.kind is ScopeKind.SCHOOL:
        return caller.sees(scope.id)
    if scope.kind is ScopeKind.REGION:
        whole = services.register.regions_of(caller.scopes)
        return whole is None or scope.id in whole
    return caller.schools is None


def _own(services: Services, caller: Caller, name: str) -> Run:
    """One of the caller's own, all of which they still may see."""
    run = services.audit.evidence.bundles.find(name, caller.name)
    if run is None or not _sees(services, caller, run.wanted.scope):
        raise not_found(f"bundle {name}")
    return run


def _bundle_out(run: Run) -> BundleOut:
    scope, written = run.wanted.scope, run.written
    return BundleOut(
        id=run.id,
        state=run.state,
        started=run.started,
        ended=run.ended,
        school=scope.id if scope.kind is ScopeKind.SCHOOL else None,
        region=scope.id if scope.kind is ScopeKind.REGION else None,
        at=run.wanted.at,
        done=run.done,
        facts=None if written is None else written.facts,
        disclosed=None if written is None else written.disclosed,
        schools=None if written is None else written.schools,
        bytes=None if written is None else written.bytes,
        name=_file_name(run),
        code=run.code,
        inputs=run.inputs,
    )


def _file_name(run: Run) -> str:
    scope = run.wanted.scope
    return f"evidence-{scope.id or 'all'}-{run.wanted.at}.zip"


def _head_out(head: HeadRow, lines: list[Cosignature]) -> HeadOut:
    return HeadOut(
        size=head.size,
        at=head.at,
        root=head.root.hex(),
        note=head.note + "".join(f"{one.line}\n" for one in lines),
        row=head.row,
        witnesses=[WitnessLineOut(witness=one.witness, at=one.at) for one in lines],
    )


def _target_out(one: Target) -> TargetOut:
    status = one.status
    return TargetOut(
        kind=one.kind,
        name=one.name,
        waiting=0 if status is None else status.waiting,
        given_up=0 if status is None else status.given_up,
        failing=None if status is None else status.failing,
        error="" if status is None else status.error,
        delivered=None if status is None else status.delivered,
        cosigned=one.cosigned,
    )


def _json(model: WitnessOut | WitnessElseOut, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return JSONResponse(model.model_dump(), status)


@contextmanager
def _unbroken() -> Iterator[None]:
    """What is wrong with the log is said to whoever asks."""
    try:
        yield
    except (EvidenceError, EvidenceKeyError) as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "evidence_broken", str(error)) from error
