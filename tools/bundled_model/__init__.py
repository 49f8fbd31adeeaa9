"""The recipe of the bundled demonstration models: text, speech, training, export, figures; each a step of its own."""
