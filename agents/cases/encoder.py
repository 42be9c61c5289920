"""Local encoders: any transformers model whose files are on this machine, with mean pooling."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from wardround.agents.weights.device import placement
from wardround.contracts.errors import CallerError, ProblemCode

__all__ = ["EncoderEmbedder"]

_AT_ONCE = 32
_MOST_TOKENS = 512
_LENGTH_FILE = "sentence_bert_config.json"

Floats = NDArray[np.float32]


class EncoderEmbedder:
    """One encoder on the device that `placement` chooses. What lies beyond its longest text is not compared."""

    def __init__(self, where: str, name: str) -> None:
        """
        Args:
            where: a folder with config, tokenizer and safetensors weights, or a name in the local cache.

        Raises:
            CallerError: MISSING_WEIGHTS; it is not on this machine, or cannot be read: nothing is ever downloaded.
        """
        at = placement()
        disable_progress_bar()
        where = str(Path(where).expanduser())
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(where, local_files_only=True)
            # Weights are never unpickled, whoever made them, and no code of theirs is run.
            model: Any = AutoModel.from_pretrained(where, local_files_only=True, use_safetensors=True, dtype=at.dtype)
        except Exception as error:  # what a damaged or foreign file makes a loader raise is not foreseeable
            raise CallerError(
                ProblemCode.MISSING_WEIGHTS,
                f"The encoder '{name}' cannot be loaded from this machine: {type(error).__name__}.",
                "Copy its folder (config, tokenizer, safetensors) here and name it in WARDROUND_CASES_EMBEDDER.",
            ) from None
        self._model = model.to(at.device).eval()
        self._device = at.device
        longest = getattr(model.config, "max_position_embeddings", _MOST_TOKENS)
        self._tokens = min(_MOST_TOKENS, int(longest), int(self._tokenizer.model_max_length), _told_length(where))
        self.name = name
        self.version = _digest(model)[:12]

    def embed(self, texts: Sequence[str]) -> Floats:
        """(texts, dimensions) of unit length; an empty text is zeros."""
        vectors = np.zeros((len(texts), int(self._model.config.hidden_size)), dtype=np.float32)
        # Texts of one length share a batch, so that little is padded.
        full = sorted((place for place, text in enumerate(texts) if text.strip()), key=lambda place: len(texts[place]))
        for start in range(0, len(full), _AT_ONCE):
            some = full[start : start + _AT_ONCE]
            vectors[some] = self._some([texts[place] for place in some])
        return vectors

    def _some(self, texts: list[str]) -> Floats:
        tokens = self._tokenizer(texts, padding=True, truncation=True, max_length=self._tokens, return_tensors="pt")
        tokens = {name: tensor.to(self._device) for name, tensor in tokens.items()}
        with torch.inference_mode():
            states = self._model(**tokens).last_hidden_state.float()
        mask = tokens["attention_mask"].unsqueeze(-1).float()
        pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1.0)
        unit: Floats = torch.nn.functional.normalize(pooled, dim=1).cpu().numpy()
        return unit


def _told_length(where: str) -> int:
    """The longest text that the model was made for, in tokens, where a file beside it says so."""
    file = Path(where) / _LENGTH_FILE
    try:
        return int(json.loads(file.read_text(encoding="utf-8"))["max_seq_length"])
    except (OSError, ValueError, LookupError, TypeError):
        return _MOST_TOKENS


def _digest(model: Any) -> str:
    """SHA-256 over the weights as they were read, whatever file they came from."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
