"""Live speech: bytes become audio, audio becomes utterances, decodes become words that stay.

`ingest` and `container` turn a client's bytes into 16 kHz mono, `ear` adds how much each frame sounds like
speech, `session` decides what is to be decoded and what the client is told, `partials` decodes the quick texts
of all sessions together. No socket, no FastAPI and no model in here.
"""
