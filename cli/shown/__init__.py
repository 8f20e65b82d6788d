"""What people see: a run, columns, problems, sizes and times in words."""
