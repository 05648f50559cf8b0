"""What the chat bot asks for, by family of commands; `guard.app.desks.desk` puts the answers together."""
