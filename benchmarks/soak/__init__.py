"""The long bars of reliability: each with a control, a seeded mistake that turns it red."""
