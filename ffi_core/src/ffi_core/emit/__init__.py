"""From the model to generated files: the declaration table as C and as Python literals."""
