"""Answers at once: a resident Whisper model behind HTTP and WebSocket."""
