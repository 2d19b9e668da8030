"""The long fuzzing: random C and random values, in processes whose crashes are seen, with a look at leaks."""
