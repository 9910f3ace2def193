"""Path, door and answer of each resource."""
