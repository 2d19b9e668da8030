"""The front end: C declarations in, model out.  Knows nothing of the runtime."""
