"""A transcript in the formats people open: plain text, SubRip and WebVTT."""

from collections.abc import Iterable
from typing import Literal

from shared.transcript import Segment

Format = Literal["json", "text", "srt", "vtt"]
MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
}


def timestamp(seconds: float, *, decimal: str) -> str:
    """Return `HH:MM:SS` and milliseconds behind `decimal`; hours grow past 99 rather than wrap."""
    milliseconds = max(0, round(seconds * 1000))
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{decimal}{rest % 1000:03}"


def _line(segment: Segment) -> str:
    # A blank line would end the cue, and an arrow would be read as a time.
    text = " ".join(segment.text.split()).replace("-->", "->")
    return f"{segment.speaker}: {text}" if segment.speaker else text


def text(segments: Iterable[Segment]) -> str:
    """Return one line per segment, speakers in front where known, ending in a newline unless empty."""
    return "".join(f"{_line(segment)}\n" for segment in segments if segment.text.strip())


def srt(segments: Iterable[Segment]) -> str:
    """Return SubRip: numbered cues, comma before the milliseconds."""
    cues = (segment for segment in segments if segment.text.strip())
    return "\n".join(
        f"{number}\n{timestamp(cue.start, decimal=',')} --> {timestamp(cue.end, decimal=',')}\n{_line(cue)}\n"
        for number, cue in enumerate(cues, start=1)
    )


def vtt(segments: Iterable[Segment]) -> str:
    """Return WebVTT (W3C): header, then cues with a point before the milliseconds; `&` and `<` escaped."""
    cues = (segment for segment in segments if segment.text.strip())
    return "WEBVTT\n" + "".join(
        f"\n{timestamp(cue.start, decimal='.')} --> {timestamp(cue.end, decimal='.')}\n{_escape(_line(cue))}\n"
        for cue in cues
    )


def _escape(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;")


def render(segments: Iterable[Segment], form: Literal["text", "srt", "vtt"]) -> str:
    """Return the segments in one of the text formats."""
    return {"text": text, "srt": srt, "vtt": vtt}[form](segments)
