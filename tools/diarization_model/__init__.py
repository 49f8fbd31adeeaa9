"""A tiny pyannote pipeline, trained in minutes on espeak-ng voices: to see diarization work, not to use it."""
