"""What a node is: an annotated function, what is known of it, what it is given and may return."""
