"""The demonstration: the whole loop over HTTP, with a clock that moves through a year in a minute."""
