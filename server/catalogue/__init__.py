"""What there is, as clients ask for it: the machine, models, templates."""
