"""What tests share: databases, a clock that stands still, and nothing that knows the product's rules."""
