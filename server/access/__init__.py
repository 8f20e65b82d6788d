"""Who may do what: users and their tokens, whom a request comes from, and what each route asks for."""
