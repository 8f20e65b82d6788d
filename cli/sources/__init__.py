"""Where a workflow comes from: files, pictures that carry one, and values set on the command line."""
