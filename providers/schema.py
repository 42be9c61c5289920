"""The JSON Schema that an answer must satisfy, in the dialect that endpoints constrain their decoding to."""

from __future__ import annotations

import json
from typing import Any

from wardround.contracts.base import Word

__all__ = ["answer_schema", "in_words", "is_strict"]

# Titles repeat the property's name, and endpoints with strict schemas refuse defaults.
_DROPPED = frozenset({"title", "default"})


def answer_schema(returns: type[Word]) -> dict[str, Any]:
    """The word's schema: objects closed; titles, defaults and the descriptions of classes left out.

    A field with a default stays optional, so that a small model need not spell out what it has nothing to say about.
    """
    schema: dict[str, Any] = _closed(returns.model_json_schema())
    # A class's docstring speaks to those who read the code; a field's description speaks to the model.
    for part in (schema, *schema.get("$defs", {}).values()):
        part.pop("description", None)
    return schema


def _closed(node: Any, *, names: bool = False) -> Any:
    """`names`: the keys of this object are names of fields or definitions, not words of JSON Schema."""
    if isinstance(node, list):
        return [_closed(part) for part in node]
    if not isinstance(node, dict):
        return node
    if names:
        return {key: _closed(value) for key, value in node.items()}
    kept = {
        key: _closed(value, names=key in ("properties", "$defs")) for key, value in node.items() if key not in _DROPPED
    }
    if "properties" in kept:
        kept["additionalProperties"] = False
    return kept


def is_strict(schema: dict[str, Any]) -> bool:
    """Whether every object is closed and requires all its fields, as OpenAI's strict mode demands."""
    parts = [schema, *schema.get("$defs", {}).values()]
    for part in parts:
        fields = part.get("properties", {})
        if any(_nested_objects(field) for field in fields.values()):
            return False
        if fields and (part.get("additionalProperties") is not False or set(part.get("required", ())) != set(fields)):
            return False
        if part.get("type") == "object" and not fields:
            return False
    return True


def _nested_objects(field: Any) -> bool:
    """Whether a field holds an object in place; `Word`s are definitions, so such an object is a free mapping."""
    if isinstance(field, list):
        return any(_nested_objects(part) for part in field)
    if not isinstance(field, dict):
        return False
    return field.get("type") == "object" or any(_nested_objects(value) for value in field.values())


def in_words(schema: dict[str, Any]) -> str:
    """What a model is told of the schema where its decoding is not constrained to it."""
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return f"Answer with one JSON object and nothing else. It must satisfy this JSON Schema:\n{text}"
