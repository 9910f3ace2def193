"""Pure rules: they decide, and do no input or output."""
