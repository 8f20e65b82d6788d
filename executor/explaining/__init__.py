"""What runs did and would do: a history of them, reasons why nodes run, traces of their time."""
