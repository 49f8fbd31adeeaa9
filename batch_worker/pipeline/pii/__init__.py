"""Personal data in a transcript: found, placed in characters and seconds, masked, and made inaudible.

`patterns` are the kinds with a shape, `analyzer` runs them through Presidio (the only file that imports it),
`people` finds names, `spoken` finds what was said digit by digit, `overlaps` decides between hits, `places`
gives them their seconds, `redaction` writes the text without them and `audio` beeps them out.
"""
