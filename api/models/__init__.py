"""Tables: what is remembered."""
