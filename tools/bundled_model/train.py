"""Training: cross-entropy on the decoder plus CTC on the encoder, in bf16, resumable to the step."""

import copy
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from tokenizers import Tokenizer
from torch import Tensor

from tools.bundled_model.batches import Batch, Batches, up
from tools.bundled_model.looks import astray, looks_of
from tools.bundled_model.model import SHAPES, VOCABULARY, Whisper
from tools.bundled_model.peers import Peers
from tools.bundled_model.plans import Plan
from tools.bundled_model.targets import IGNORED, SPOKEN_LANGUAGES, TargetWriter

_ASKED: Final = 128
"""The answers that the decoder is asked for are a multiple of this, so that few shapes occur."""
_FULL_VOCABULARY_EVERY: Final = 16
_EMBEDDING: Final = "decoder.embed_tokens.weight"
_LANGUAGE_WEIGHT: Final = 4.0
"""A clip's language counts as so many of its words: it is one token among forty."""


def _teacher(folder: Path, name: str) -> Whisper:
    state = torch.load(folder / f"{name}.pt", map_location="cpu", weights_only=True)["model"]
    model = Whisper(SHAPES[name])
    model.load_state_dict(state)
    return model


def _narrowed(table: Tensor, used: Tensor, width: int) -> Tensor:
    """Return a token table in `width` dimensions: those in which the used tokens differ most."""
    rows = table[used] - table[used].mean(0)
    _, axes = torch.linalg.eigh(rows.T @ rows)
    return table @ axes[:, -width:]


class Trainer:
    """One model under training, with all that a checkpoint holds."""

    def __init__(self, plan: Plan, tokenizer: Tokenizer, checkpoint: Path, peers: Peers | None = None) -> None:
        """Make the model, or take up the checkpoint where it stopped; with peers, train it together."""
        torch.manual_seed(plan.seed)
        self._plan = plan
        self._peers = peers or Peers()
        self._writer = TargetWriter(tokenizer)
        self._checkpoint = checkpoint
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = Whisper(SHAPES[plan.model]).to(self._device)
        self._teacher = _teacher(checkpoint.parent, plan.teacher) if plan.teacher else None
        self._heard = self._teacher.encoder.bfloat16().to(self._device) if self._teacher else None
        self._used = torch.zeros(0, dtype=torch.long)
        self.step = 0
        self.seconds = 0.0
        self.clips = 0
        self._state: dict[str, Any] = {}
        if checkpoint.exists():
            self._load()
        own = (plan.seed * 1_000_003 + self.step) * self._peers.count + self._peers.rank
        self._batches = Batches(plan, self._writer, own)

    def run(self, data: Path) -> None:
        """Train until the plan's time is used."""
        self._compact(data)
        recent: list[tuple[float, float, float]] = []
        began, saved = time.monotonic() - self.seconds, time.monotonic()
        for batch in self._batches(data, lambda: self.progress):
            recent.append(self._learn(batch.to(self._device)))
            self.step += 1
            self.clips += len(batch.states) * self._peers.count
            self.seconds = self._peers.mean(torch.tensor(time.monotonic() - began, dtype=torch.float64)).item()
            if self.step % 50 == 0:
                self._report(recent)
                recent.clear()
            if time.monotonic() - saved > self._plan.save_every:
                self.save()
                saved = time.monotonic()
            if self.progress >= 1:
                break
        self.save()

    def _report(self, recent: Sequence[tuple[float, float, float]]) -> None:
        if self._peers.leads:
            loss, ctc, lost = np.mean(recent, axis=0)
            done = f"step {self.step} {self.seconds:.0f} s, {self.clips} clips"
            print(f"{done}, loss {loss:.3f}, ctc {ctc:.3f}, astray {lost:.3f}", flush=True)

    @property
    def progress(self) -> float:
        """The share of the plan's time that is used."""
        return self.seconds / (60 * self._plan.minutes)

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        if not self._peers.leads:
            return
        weights = dict(self.model.state_dict())
        weights[_EMBEDDING] = self._table.index_copy(0, self._used, weights[_EMBEDDING])
        state = {
            "model": weights,
            "optimizer": self._optimizer.state_dict(),
            "used": self._used,
            "step": self.step,
            "seconds": self.seconds,
            "clips": self.clips,
        }
        draft = self._checkpoint.with_suffix(".part")
        torch.save(state, draft)
        draft.replace(self._checkpoint)

    def _load(self) -> None:
        state = torch.load(self._checkpoint, map_location=self._device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.step, self.seconds, self.clips = state.get("step", 0), state.get("seconds", 0.0), state.get("clips", 0)
        self._state = state

    def _compact(self, data: Path) -> None:
        """Keep only the rows of the tokens in use under training: most of the 51,865 never occur."""
        self._used = self._state["used"] if "used" in self._state else self._used_tokens(data)
        self._table = self._first_table()
        self._teacher = None  # from here on only its encoder is asked
        unused = torch.ones(VOCABULARY, dtype=torch.bool, device=self._device)
        unused[self._used] = False
        self._unused_rows = self._table[unused]
        self._position = torch.full((VOCABULARY,), IGNORED, device=self._device)
        self._position[self._used] = torch.arange(len(self._used), device=self._device)
        rows = torch.nn.Parameter(self._table[self._used])
        self.model.decoder.embed_tokens = torch.nn.Embedding(rows.size(0), rows.size(1), _weight=rows)
        self._weights = [one for one in self.model.parameters() if one.requires_grad]
        self._optimizer = torch.optim.AdamW(
            self._weights, lr=self._plan.peak, betas=(0.9, 0.98), weight_decay=0.01, fused=True
        )
        self._coarse = copy.deepcopy(self.model).bfloat16()
        self._coarse_weights = [one for one in self._coarse.parameters() if one.requires_grad]
        if "optimizer" in self._state:
            self._optimizer.load_state_dict(self._state["optimizer"])
        self._state = {}

    def _first_table(self) -> Tensor:
        """Return the rows of all tokens: the model's own, or before its first step what a teacher made of them."""
        own = self.model.decoder.embed_tokens.weight.detach()
        if self._teacher is None or self._state:
            return own.clone()
        table = self._teacher.decoder.embed_tokens.weight.detach().to(self._device)
        return self._peers.leaders(_narrowed(table, self._used, own.size(1)))

    def _rate(self) -> float:
        warm = min(1.0, (self.step + 1) / 80)
        return self._plan.peak * warm * min(1.0, max(0.01, (1 - self.progress) / self._plan.fall))

    def _used_tokens(self, data: Path) -> Tensor:
        used = set(range(self._writer.end, VOCABULARY))
        for path in sorted(data.glob("*.json"))[::3]:
            for row in json.loads(path.read_text(encoding="utf-8")):
                if row["language"] in SPOKEN_LANGUAGES:
                    used.update(token for one in row["segments"] for token in self._writer.encode(one["text"]))
        return torch.tensor(sorted(used), device=self._device)

    def _learn(self, batch: Batch) -> tuple[float, float, float]:
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate()
        with torch.no_grad():
            torch._foreach_copy_(self._coarse_weights, self._weights)
        audio = self._coarse.encoder(batch.mel.bfloat16())
        with looks_of(self._coarse.decoder) as looks:
            states = self._coarse.decoder(self._position[batch.tokens].clamp(min=0), audio)
        loss = self._decoder_loss(states, batch)
        lost = astray(looks, batch.moments) if self.progress < self._plan.shown_until else loss.new_zeros(())
        ctc = self._ctc_loss(self._coarse.ctc(audio), batch)
        self._coarse.zero_grad(set_to_none=True)
        aims = loss + self._plan.ctc * ctc + self._distance(audio, batch) + lost
        aims.backward()  # type: ignore[no-untyped-call]
        gradients = [one.grad.float() for one in self._coarse_weights if one.grad is not None]
        for weight, gradient in zip(self._weights, self._peers.mean_of_all(gradients), strict=True):
            weight.grad = gradient
        torch.nn.utils.clip_grad_norm_(self._weights, 1.0)
        self._optimizer.step()
        return loss.item(), ctc.item(), lost.item()

    def _distance(self, audio: Tensor, batch: Batch) -> Tensor | float:
        """Return how far the encoder's states are from the teacher's: 1 where nothing has been learned."""
        if self._heard is None or self._coarse.told is None:
            return 0.0
        with torch.no_grad():
            wanted: Tensor = self._heard(batch.mel.bfloat16()).float()
        return F.mse_loss(self._coarse.told(audio).float(), wanted) / wanted.var()

    def _decoder_loss(self, states: Tensor, batch: Batch) -> Tensor:
        labels = batch.labels.flatten()
        heeded = int((labels != IGNORED).sum())
        asked = (labels != IGNORED).int().argsort(descending=True, stable=True)[: up(heeded, _ASKED)]
        wanted = labels[asked]
        table = self._coarse.decoder.embed_tokens.weight
        if self.step % _FULL_VOCABULARY_EVERY == 0:
            table = torch.cat([table, self._unused_rows.bfloat16()])
        logits = states.flatten(0, 1).index_select(0, asked) @ table.t()
        places = torch.where(wanted == IGNORED, IGNORED, self._position[wanted])
        losses = F.cross_entropy(logits.float(), places, ignore_index=IGNORED, reduction="none")
        counts = torch.where(self._writer.names_language(wanted), _LANGUAGE_WEIGHT, 1.0) * (wanted != IGNORED)
        return (losses * counts).sum() / counts.sum()

    def _ctc_loss(self, letters: Tensor, batch: Batch) -> Tensor:
        rows = [row for row, spelled in enumerate(batch.letters) if spelled]
        if not rows:
            return letters.float().sum() * 0
        return F.ctc_loss(
            letters[rows].float().log_softmax(-1).transpose(0, 1),
            torch.tensor([letter for row in rows for letter in batch.letters[row]], device=self._device),
            torch.tensor([min(letters.size(1), batch.states[row]) for row in rows]),
            torch.tensor([len(batch.letters[row]) for row in rows]),
            zero_infinity=True,
        )
