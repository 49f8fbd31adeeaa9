"""Vocabulary of both services: values, messages, errors, audio, rendering."""

__version__ = "0.1.0"
