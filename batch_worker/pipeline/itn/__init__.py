"""Inverse text normalization: what was said, written the way people write it.

`lexicon` knows the words, `cardinal` reads numbers, `phrase` is how rules see the tokens, one module per kind
of rule, `rules` the list of them all by name and language, and `segments` applies them so that words keep
their times.
"""
