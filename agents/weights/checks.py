"""What `wardround doctor` asks of this room: are the weights what was pinned, and which device will be used?"""

from __future__ import annotations

from wardround.agents.weights.device import placement
from wardround.agents.weights.load import verify
from wardround.agents.weights.registry import entry
from wardround.contracts.errors import WardroundError
from wardround.contracts.health import Check, Health

__all__ = ["checks"]


def _weights() -> list[Check]:
    found = []
    for one in verify():
        model = entry(one.name)
        if one.state == "absent" and model.source == "published":
            continue  # published models are fetched on request: none is needed
        well = one.state == "ok"
        found.append(
            Check(
                name=f"weights {one.name}",
                health=Health.OK if well else Health.FAIL,
                detail=f"{one.state}, sha256:{one.sha256[:12]}" if one.sha256 else one.state,
                fix="" if well else model.get,
            )
        )
    return found


def _device() -> Check:
    try:
        place = placement(None)
    except WardroundError as error:
        return Check(name="device", health=Health.FAIL, detail=error.problem.message, fix=error.problem.hint)
    return Check(name="device", health=Health.OK, detail=str(place.device))


def checks() -> list[Check]:
    """One line for the device and one for each model whose weights are or should be here."""
    return [_device(), *_weights()]
