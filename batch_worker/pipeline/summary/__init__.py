"""What a language model makes of a transcript: cut to its size, asked for, checked, merged; pure but for the asking."""
