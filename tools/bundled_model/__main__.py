"""The steps, one command each: `python -m tools.bundled_model speak|train|export|evaluate|miniature`."""

import argparse
import json
import os
from pathlib import Path
from typing import Final

import torch
from tokenizers import Tokenizer

from tools.bundled_model import align_heads, clips
from tools.bundled_model.evaluate import evaluate, table
from tools.bundled_model.export import export
from tools.bundled_model.held_out import held_out_sentences
from tools.bundled_model.miniature import miniature
from tools.bundled_model.model import SHAPES, Whisper
from tools.bundled_model.peers import Peers
from tools.bundled_model.plans import PLANS, last
from tools.bundled_model.train import Trainer
from tools.bundled_model.writers import full_writers

_LAST: Final = ".last.pt"
_ASSETS: Final = Path(__file__).parents[2] / "api_server" / "assets" / "nano-sv"


def main() -> None:
    """Run the step that the command line names."""
    given = arguments().parse_args()
    torch.manual_seed(given.seed)
    if given.threads:
        torch.set_num_threads(given.threads)
    STEPS[given.step](given)


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.bundled_model", description=__doc__)
    parser.add_argument("step", choices=sorted(STEPS))
    parser.add_argument("--model", choices=sorted(SHAPES), default="nano-sv")
    parser.add_argument("--work", type=Path, default=Path("data/bundled_model"), help="clips and checkpoints")
    parser.add_argument("--audio", type=Path, default=Path("../shared/audio"), help="the test clips")
    parser.add_argument("--tokenizer", type=Path, default=_ASSETS, help="a folder with tokenizer and vocabulary")
    parser.add_argument("--target", type=Path, help="where an exported model goes, or lies")
    parser.add_argument("--seed", type=int, default=1, help="another seed speaks other clips")
    parser.add_argument("--shards", type=int, default=100, help=f"of {clips.CLIPS_PER_SHARD} clips each")
    parser.add_argument("--template-share", type=float, default=0.45, help="of the sentences that are spoken")
    parser.add_argument("--minutes", type=float, default=240, help="of training in all, earlier runs counted")
    parser.add_argument("--last", action="store_true", help="train more gently, and on more English")
    parser.add_argument("--quiet-seconds", type=int, default=3600, help="silence and noise to listen to")
    parser.add_argument("--threads", type=int, default=0)
    return parser


def _speak(given: argparse.Namespace) -> None:
    writers = full_writers(held_out_sentences(given.audio), given.template_share)
    folder = given.work / "clips"
    clips.speak_shards(writers, folder, seed=given.seed, shards=given.shards, size=clips.CLIPS_PER_SHARD)


def _train(given: argparse.Namespace) -> None:
    tokenizer = Tokenizer.from_file(str(given.tokenizer / "tokenizer.json"))
    plan, checkpoint = PLANS[given.model](given.minutes, given.seed), given.work / f"{given.model}.pt"
    if given.last:
        plan, checkpoint = last(plan), _begun(checkpoint)
    peers = Peers()
    Trainer(plan, tokenizer, checkpoint, peers).run(given.work / "clips")
    peers.leave()


def _begun(checkpoint: Path) -> Path:
    """Return the checkpoint of the last run, which begins with the weights that were learned before."""
    later = checkpoint.with_suffix(_LAST)
    if not later.exists():
        draft = checkpoint.with_suffix(f".{os.getpid()}")
        torch.save({"model": torch.load(checkpoint, map_location="cpu", weights_only=True)["model"]}, draft)
        draft.replace(later)
    return later


def _export(given: argparse.Namespace) -> None:
    checkpoint = given.work / f"{given.model}.pt"
    if (later := checkpoint.with_suffix(_LAST)).exists():
        checkpoint = later
    model = Whisper(SHAPES[given.model])
    model.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["model"])
    tokenizer = Tokenizer.from_file(str(given.tokenizer / "tokenizer.json"))
    writer = full_writers(held_out_sentences(given.audio))["sv"]
    heads = align_heads.choose_heads(align_heads.measure_heads(model, tokenizer, writer))
    print(f"alignment heads (layer, head): {heads}")
    export(checkpoint, given.model, given.tokenizer, _target(given), heads)


def _evaluate(given: argparse.Namespace) -> None:
    writers = full_writers(held_out_sentences(given.audio))
    rows = evaluate(_target(given), given.audio, writers, quiet_seconds=given.quiet_seconds)
    print(table(rows))
    print(json.dumps([{"what": what, "figure": figure, "unit": unit} for what, figure, unit in rows]))


def _miniature(given: argparse.Namespace) -> None:
    print(table(miniature(given.work, given.tokenizer)))


def _target(given: argparse.Namespace) -> Path:
    target: Path = given.target or given.work / given.model
    return target


STEPS: Final = {
    "speak": _speak,
    "train": _train,
    "export": _export,
    "evaluate": _evaluate,
    "miniature": _miniature,
}

if __name__ == "__main__":
    main()
