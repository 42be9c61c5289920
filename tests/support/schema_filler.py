"""A scripted language model that answers every question in form with values drawn at random: whole, never wise."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

from model_endpoints import Answer, streams

__all__ = ["fills_the_form"]

_WORDS = ("pain", "cough", "fever", "unclear illness", "infection")


def fills_the_form(body: dict[str, Any]) -> Answer:
    """An answer that the request's JSON Schema accepts; the same request is given the same answer."""
    schema = body["response_format"]["json_schema"]["schema"]
    seed = hashlib.sha256(json.dumps(body["messages"], sort_keys=True).encode()).hexdigest()
    return streams(json.dumps(_filled(schema, schema.get("$defs", {}), random.Random(seed))))


def _filled(schema: dict[str, Any], defs: dict[str, Any], rng: random.Random) -> Any:
    if "$ref" in schema:
        return _filled(defs[schema["$ref"].rpartition("/")[2]], defs, rng)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        # Mostly it commits, so that all stages are played.
        commits = "commit" in schema["enum"] and rng.random() < 0.95
        return "commit" if commits else rng.choice(schema["enum"])
    if "anyOf" in schema:
        return _filled(rng.choice(schema["anyOf"]), defs, rng)
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: _filled(one, defs, rng) for name, one in schema.get("properties", {}).items()}
    if kind == "array":
        number = rng.randint(schema.get("minItems", 0), min(schema.get("maxItems", 3), schema.get("minItems", 0) + 2))
        return [_filled(schema["items"], defs, rng) for _ in range(number)]
    if kind in ("number", "integer"):
        return rng.uniform(schema.get("minimum", 0), schema.get("maximum", 1)) if kind == "number" else 1
    return {"boolean": rng.random() < 0.7, "null": None, "string": rng.choice(_WORDS)}[kind]
