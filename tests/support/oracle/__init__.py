"""A second, plain and slow reading of a rulebook's rules, which shares nothing with the engine."""
