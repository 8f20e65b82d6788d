"""What is wrong with a workflow, found before anything runs."""
