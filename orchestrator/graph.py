"""The flow of a diagnosis as a LangGraph graph: screen, then all readers in parallel, locate, weigh, reason, verify.

    screen ─┬─ refused ───────────────────────────────────────────────────────────────────────── end
            └─ ask × (detect, segment, observe, lesions) ─ gather ─ locate ─ keep ─ weigh ─ compare ─┐
                                                          end ─ foresee ─ similar ─ verify ─ reason ─┘

A specialist that is slow, dead or wrong in shape costs its own evidence and is named in `missing`.
"""

from __future__ import annotations

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Send

from wardround.contracts.cue import CueSource
from wardround.contracts.errors import Problem, ProblemCode
from wardround.contracts.evidence import Evidence, EvidenceKind, EvidenceReport, ScreenReport
from wardround.contracts.render import Kept
from wardround.contracts.roles import DIAGNOSIS_ROLES, Role
from wardround.contracts.screening import VIEW_SEEN, ScreenOutcome
from wardround.contracts.study import ViewPosition
from wardround.contracts.survival import SurvivalEstimate, SurvivalQuestion
from wardround.orchestrator.asking import ask
from wardround.orchestrator.compare import compare
from wardround.orchestrator.context_items import context_items
from wardround.orchestrator.history.items import contradictions, cue_items
from wardround.orchestrator.history.reader import read_history
from wardround.orchestrator.ledger import Ledger
from wardround.orchestrator.placing import place
from wardround.orchestrator.prognosis import ABSENT, prognosis_item, survival_arguments
from wardround.orchestrator.reason_step import check, reason
from wardround.orchestrator.state import Answer, Ask, RunContext, RunState
from wardround.orchestrator.steps import (
    Context,
    Update,
    case_arguments,
    dump,
    enter,
    enter_read,
    film_arguments,
    ledger_of,
    lesion_arguments,
    merge,
    missing,
    study_of,
    suspected_findings,
    timing,
    unheard,
    weigh,
)

__all__ = ["READERS", "build_graph"]

# The roles whose tools read the film on their own, in the order in which their evidence enters the ledger.
# Lesions come last, so that a film has the same ids for all else with and without a lesion server.
READERS = (Role.SEGMENT, Role.DETECT, Role.OBSERVE, Role.LESIONS)


def _view(told: ViewPosition, screened: set[ViewPosition]) -> ViewPosition:
    """The view to go by: the file's, else the one that all screens with an opinion agree on."""
    seen = screened - {ViewPosition.UNKNOWN}
    return seen.pop() if told is ViewPosition.UNKNOWN and len(seen) == 1 else told


async def _screen(state: RunState, runtime: Context) -> Update:
    study = study_of(state)
    image = study.images[0]
    ledger = Ledger()
    ledger.append("request", context_items(study, state.get("history", "")), image.film.digest)
    cues = read_history(state.get("history", ""))
    reported = read_history(state.get("prior_report", ""), CueSource.PRIOR_REPORT)
    ledger.append("request", cue_items([*cues, *reported], synthetic=study.synthetic), image.film.digest)
    told = [*image.warnings, *contradictions(cues, study.patient)]
    update: Update = {"timings": [], "missing": [], "warnings": told, "refusal": None}
    players = runtime.context.players[Role.SCREEN]
    outcomes, views = list[ScreenOutcome](), set[ViewPosition]()
    for player in players:
        asked = await ask(player, film_arguments(image), ScreenReport)
        update["timings"].append(timing(player, asked.seconds))
        if asked.report is None:
            assert asked.problem is not None
            update["missing"].append(missing(player.specialist, Role.SCREEN, asked.problem))
            continue
        update["missing"] += enter(ledger, study, runtime, player, asked.report.items)
        update["warnings"] += asked.report.warnings
        outcomes += asked.report.outcomes
        views.add(asked.report.view)
        if not asked.report.accepted:
            update["refusal"] = Problem(
                code=ProblemCode.NOT_A_CHEST_FILM,
                message=asked.report.reason or "The screen refused this film and gave no reason.",
                hint="Give one upright frontal (PA or AP) chest radiograph.",
            ).model_dump(mode="json")
    if len(update["missing"]) == len(players):
        update["warnings"].append("No screen could be made: whether this is a frontal chest film was not checked.")
    view = _view(image.view, views)
    if view is not image.view and not any(one.what is VIEW_SEEN[view] for one in outcomes):
        update["warnings"].append(f"The file tells no view; a screen took it for {view.value} and gave no error rate.")
    screen = [one.model_dump(mode="json") for one in outcomes]
    return {**update, "screen": screen, "view": view.value, "ledger": dump(ledger)}


def _fan_out(state: RunState, runtime: Context) -> list[Send] | str:
    if state.get("refusal"):
        return END
    image = study_of(state).images[0]
    arguments = {role: film_arguments(image) for role in READERS} | {Role.LESIONS: lesion_arguments(image)}
    asks = [
        Ask(order=0, role=role.value, index=index, arguments=arguments[role])
        for role in READERS
        for index in range(len(runtime.context.players[role]))
    ]
    return [Send("ask", {**one, "order": order}) for order, one in enumerate(asks)] or "gather"


async def _ask(state: Ask, runtime: Context) -> Update:
    player = runtime.context.players[Role(state["role"])][state["index"]]
    asked = await ask(player, state["arguments"], EvidenceReport)
    answer = Answer(
        order=state["order"],
        role=state["role"],
        index=state["index"],
        report=asked.report.model_dump(mode="json") if asked.report else None,
        problem=asked.problem.model_dump(mode="json") if asked.problem else None,
    )
    return {"answers": [answer], "timings": [timing(player, asked.seconds)]}


async def _gather(state: RunState, runtime: Context) -> Update:
    """Joins the answers in a fixed order, so that ids do not depend on who was fastest."""
    ledger, study = ledger_of(state), study_of(state)
    update: Update = {"missing": [], "warnings": []}
    for answer in sorted(state.get("answers", []), key=lambda one: one["order"]):
        player = runtime.context.players[Role(answer["role"])][answer["index"]]
        if answer["report"] is None:
            merge(update, unheard(player, Problem.model_validate(answer["problem"])))
            continue
        report = EvidenceReport.model_validate(answer["report"])
        update["warnings"] += report.warnings
        merge(update, enter_read(ledger, study, runtime, player, report.items))
    for role in DIAGNOSIS_ROLES:
        if not runtime.context.players[role]:
            problem = Problem(
                code=ProblemCode.SPECIALIST_DOWN,
                message=f"No specialist offers the role '{role.value}'.",
                hint="Look at 'wardround doctor' and at [specialists] in wardround.toml.",
            )
            update["missing"].append(missing("none", role, problem))
    return {**update, "ledger": dump(ledger)}


async def _locate(state: RunState, runtime: Context) -> Update:
    ledger = ledger_of(state)
    update = await place(ledger, study_of(state), runtime)
    return {**update, "ledger": dump(ledger)}


async def _keep(state: RunState, runtime: Context) -> Update:
    """Has the intake copy what came by URL, which expires; without this, a later report could not show it."""
    image = study_of(state).images[0]
    urls = {one.digest: one for item in ledger_of(state).items for one in item.artefacts if one.url is not None}
    arguments = {**film_arguments(image), "artefacts": [one.model_dump(mode="json") for one in urls.values()]}
    update: Update = {"timings": [], "warnings": []}
    for player in runtime.context.players[Role.KEEP][:1] if urls else ():
        asked = await ask(player, arguments, Kept)
        update["timings"].append(timing(player, asked.seconds))
        if asked.problem is not None:
            update["warnings"].append(f"Heat maps or masks were not kept and cannot be shown: {asked.problem}")
    return update


async def _weigh(state: RunState, runtime: Context) -> Update:
    ledger = ledger_of(state)
    update = await weigh(ledger, state, runtime)
    return {**update, "ledger": dump(ledger)}


async def _compare(state: RunState) -> Update:
    """Holds the evidence against that of an earlier film, where one was given."""
    prior = state.get("prior")
    if prior is None:
        return {}
    ledger, study = ledger_of(state), study_of(state)
    compared = compare(
        ledger.items,
        tuple(Evidence.model_validate(item) for item in prior["evidence"]),
        prior_run=prior["run_id"],
        prior_digest=prior["digest"],
        views=(ViewPosition(state.get("view", study.images[0].view.value)), ViewPosition(prior["view"])),
    )
    ledger.append("comparison", compared.items, study.images[0].film.digest)
    return {"ledger": dump(ledger), "warnings": list(compared.notes)}


async def _similar(state: RunState, runtime: Context) -> Update:
    """Puts similar cases beside the result, for a person to look at: they move no number and no claim.

    A reasoner that wants cases to argue from asks for them itself, before it concludes; these are then the cases.
    """
    ledger, study = ledger_of(state), study_of(state)
    suspected = suspected_findings(ledger.items)
    if not suspected or any(item.kind is EvidenceKind.CASE for item in ledger.items):
        return {}
    update: Update = {"missing": [], "timings": [], "warnings": []}
    for player in runtime.context.players[Role.RETRIEVE]:
        asked = await ask(player, case_arguments(suspected, study), EvidenceReport)
        update["timings"].append(timing(player, asked.seconds))
        if asked.report is not None:
            update["warnings"] += asked.report.warnings
            update["missing"] += enter(ledger, study, runtime, player, asked.report.items)
        elif asked.problem is not None:
            update["missing"].append(missing(player.specialist, Role.RETRIEVE, asked.problem))
    return {**update, "ledger": dump(ledger)}


async def _foresee(state: RunState, runtime: Context) -> Update:
    """Puts the survival estimate that was asked for beside the result: it moves no number and no claim."""
    asked_for = state.get("survival")
    if asked_for is None:
        return {}
    ledger, study = ledger_of(state), study_of(state)
    players = runtime.context.players[Role.SURVIVE]
    if not players:
        return {"missing": [missing("survival", Role.SURVIVE, ABSENT)]}
    arguments = survival_arguments(SurvivalQuestion.model_validate(asked_for))
    asked = await ask(players[0], arguments, SurvivalEstimate)
    update: Update = {"missing": [], "timings": [timing(players[0], asked.seconds)], "warnings": []}
    if asked.report is not None:
        update["warnings"] += asked.report.warnings
        update["missing"] += enter(ledger, study, runtime, players[0], [prognosis_item(asked.report)])
    elif asked.problem is not None:
        update["missing"].append(missing(players[0].specialist, Role.SURVIVE, asked.problem))
    return {**update, "ledger": dump(ledger)}


def build_graph(
    checkpointer: BaseCheckpointSaver[str] | None,
) -> CompiledStateGraph[RunState, RunContext, RunState, RunState]:
    """The compiled graph; its input is a `RunState` with `study` and `history`."""
    graph = StateGraph(RunState, context_schema=RunContext)
    graph.add_node("screen", _screen)
    graph.add_node("ask", _ask, input_schema=Ask)
    graph.add_node("gather", _gather)
    graph.add_node("locate", _locate)
    graph.add_node("keep", _keep)
    graph.add_node("weigh", _weigh)
    graph.add_node("compare", _compare)
    graph.add_node("reason", reason)
    graph.add_node("verify", check)
    graph.add_node("similar", _similar)
    graph.add_node("foresee", _foresee)
    graph.add_edge(START, "screen")
    graph.add_conditional_edges("screen", _fan_out, ["ask", "gather", END])
    for before, after in (
        ("ask", "gather"),
        ("gather", "locate"),
        ("locate", "keep"),
        ("keep", "weigh"),
        ("weigh", "compare"),
        ("compare", "reason"),
        ("reason", "verify"),
        ("verify", "similar"),
        ("similar", "foresee"),
        ("foresee", END),
    ):
        graph.add_edge(before, after)
    return graph.compile(checkpointer=checkpointer, name="diagnosis")
