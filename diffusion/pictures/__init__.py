"""Pictures and masks: everything that is done to them without a network."""
