"""How inklet was made: pictures and captions, the training of each part, and the judge of the result."""
