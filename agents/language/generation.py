"""Loads a causal language model with transformers, from local files only, and generates text token by token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jinja2 import TemplateError
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, StoppingCriteriaList, TextStreamer
from transformers.utils.logging import disable_progress_bar

from wardround.agents.weights.device import placement
from wardround.contracts.errors import CallerError, Fault, ProblemCode
from wardround.contracts.language import Message, ModelRequest, Speaker, Usage
from wardround.providers.schema import in_words

__all__ = ["Generated", "Generator"]

_GGUF = ".gguf"
_ROLES = {Speaker.SYSTEM: "Instructions", Speaker.USER: "Question", Speaker.ASSISTANT: "Answer"}


@dataclass(frozen=True)
class Generated:
    """The counts of one answer, whose text was handed out as it came; `truncated`: it was cut off."""

    usage: Usage
    truncated: bool


class Generator:
    """One model with its tokenizer, on the device that `placement` chooses."""

    def __init__(self, model: str, context_tokens: int | None = None) -> None:
        """
        Args:
            model: a folder with safetensors weights, a GGUF file (or a folder with only one), or a name in the cache.
            context_tokens: overrides what the model says of itself.

        Raises:
            CallerError: BAD_ARGUMENT; it is not on this machine: nothing is ever downloaded.
            Fault: REASONER_FAILED; its files cannot be read as a language model.
        """
        where, options = _place(model)
        at = placement()
        disable_progress_bar()
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(where, local_files_only=True, **options)
            # Weights are never unpickled, whoever made them.
            kind = {} if options else {"use_safetensors": True}
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                where, local_files_only=True, dtype=at.dtype, **options, **kind
            )
        except (OSError, ImportError) as error:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"The language model '{Path(model).name}' cannot be loaded from this machine: {type(error).__name__}.",
                "Copy its folder (config, tokenizer, safetensors) or its GGUF file here and name the path in 'model'; "
                "nothing is downloaded. GGUF files need the package gguf.",
            ) from None
        except Exception as error:  # what a damaged or foreign file makes a loader raise is not foreseeable
            raise Fault(
                ProblemCode.REASONER_FAILED,
                f"The files of the language model '{Path(model).name}' cannot be read: {type(error).__name__}.",
                "Check that they are whole, and that this version of transformers knows the architecture.",
            ) from error
        self._model = loaded.to(at.device).eval()
        self._device = at.device
        self._context: int | None = context_tokens or getattr(loaded.config, "max_position_embeddings", None)
        added = self._tokenizer.added_tokens_decoder.values()
        self._control = tuple(str(token) for token in added if token.special)

    def generate(self, request: ModelRequest, say: Callable[[str], None], stopped: Callable[[], bool]) -> Generated:
        """Generates one answer; `say` is handed its pieces, and `stopped` is asked before each token.

        Raises:
            CallerError: BAD_ARGUMENT; the question leaves no room in the model's context.
        """
        prompt = self._prompt(request)
        asked = int(prompt["input_ids"].shape[1])
        room = request.max_tokens if self._context is None else min(request.max_tokens, self._context - asked)
        if room <= 0:
            raise CallerError(
                ProblemCode.BAD_ARGUMENT,
                f"The question has {asked} tokens; the language model attends to {self._context}.",
                "Choose a model with a longer context.",
            )
        ears = TextStreamer(self._tokenizer, skip_prompt=True, skip_special_tokens=True)
        ears.on_finalized_text = lambda text, stream_end=False: say(text)
        cut = False

        def stops(ids: torch.Tensor, scores: object, **_: object) -> torch.Tensor:
            nonlocal cut
            cut = cut or stopped()
            return torch.full((ids.shape[0],), cut, dtype=torch.bool, device=ids.device)

        with torch.inference_mode(), torch.random.fork_rng(devices=self._devices()):
            if request.seed is not None:
                torch.manual_seed(request.seed)
            whole = self._model.generate(
                **prompt,
                generation_config=self._manner(request.temperature, room),
                stopping_criteria=StoppingCriteriaList([stops]),
                streamer=ears,
            )
        answered = int(whole.shape[1]) - asked
        ended = int(whole[0, -1]) in self._ends()
        usage = Usage(prompt_tokens=asked, completion_tokens=answered)
        return Generated(usage, truncated=cut or (answered >= room and not ended))

    def _devices(self) -> list[torch.device]:
        return [self._device] if self._device.type == "cuda" else []

    def _ends(self) -> tuple[int, ...]:
        named = self._model.generation_config.eos_token_id
        ends = named if isinstance(named, list) else [named, self._tokenizer.eos_token_id]
        return tuple(int(end) for end in ends if end is not None)

    def _manner(self, temperature: float, room: int) -> Any:
        ends = list(self._ends())
        pad = self._tokenizer.pad_token_id
        sampling = {"do_sample": True, "temperature": temperature} if temperature > 0 else {"do_sample": False}
        return GenerationConfig(
            max_new_tokens=room,
            eos_token_id=ends,
            pad_token_id=pad if pad is not None else (ends[0] if ends else 0),
            **sampling,
        )

    def _prompt(self, request: ModelRequest) -> dict[str, torch.Tensor]:
        turns = [{"role": one.speaker.value, "content": self._harmless(one.text)} for one in request.messages]
        if request.answer_schema is not None:
            turns[-1]["content"] += f"\n\n{in_words(request.answer_schema)}"
        if self._tokenizer.chat_template is None:
            encoded = self._tokenizer(_unformatted(request.messages, turns), return_tensors="pt")
        else:
            encoded = self._formatted(turns)
        return {key: encoded[key].to(self._device) for key in ("input_ids", "attention_mask")}

    def _formatted(self, turns: list[dict[str, str]]) -> Any:
        manner = {"add_generation_prompt": True, "return_dict": True, "return_tensors": "pt"}
        try:
            return self._tokenizer.apply_chat_template(turns, **manner)
        except TemplateError:  # some models know no system turn: then it goes before the first question
            return self._tokenizer.apply_chat_template(_without_system(turns), **manner)

    def _harmless(self, text: str) -> str:
        """The text without the model's control tokens, by which a quoted history could end its own turn."""
        for token in self._control:
            text = text.replace(token, " ")
        return text


def _place(model: str) -> tuple[str, dict[str, str]]:
    """What transformers is to load from, and the name of the GGUF file in it, if it is one."""
    path = Path(model).expanduser()
    if path.suffix == _GGUF:
        return str(path.parent), {"gguf_file": path.name}
    if path.is_dir():
        files = sorted(path.glob(f"*{_GGUF}"))
        if len(files) == 1 and not (path / "config.json").is_file():
            return str(path), {"gguf_file": files[0].name}
        return str(path), {}
    return model, {}


def _without_system(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    system = "\n\n".join(turn["content"] for turn in turns if turn["role"] == Speaker.SYSTEM)
    first, *rest = [turn for turn in turns if turn["role"] != Speaker.SYSTEM]
    return [{**first, "content": f"{system}\n\n{first['content']}"}, *rest]


def _unformatted(messages: Sequence[Message], turns: list[dict[str, str]]) -> str:
    """The turns for a model without a chat template, which was never taught to converse."""
    said = [f"{_ROLES[one.speaker]}: {turn['content']}" for one, turn in zip(messages, turns, strict=True)]
    return "\n\n".join([*said, "Answer:"])
