"""Personal data in a transcript: found, placed in characters and seconds, masked, and made inaudible.

`patterns` are the kinds with a shape, `analyzer` runs them through Presidio (the only file that imports it),
`people` finds names by lists (`name_lists`, data in `names/`) and by the words around them (`announced`, data in
`cues`), leaving `lookalikes` alone, `spoken` finds what was said digit by digit, `hits` decides between overlapping
ones, `places` gives them their seconds, `redaction` writes the text without them and `audio` beeps them out.
"""
