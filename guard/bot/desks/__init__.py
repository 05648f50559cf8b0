"""What the bot asks the rest of the guard, by family of commands: protocols only, the app implements them."""
