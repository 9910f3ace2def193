"""Commands that check and build the tree; no part of the product."""
