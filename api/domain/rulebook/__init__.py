"""The rule engine: rulebooks as data, and one pure function from a rulebook and a bundle to a judgement."""
