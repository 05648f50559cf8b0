"""The commands by family: looking, measuring, alerts, acting, upkeep. `guard.bot.table` puts them together."""
