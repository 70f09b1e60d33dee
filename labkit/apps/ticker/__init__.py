"""An app: the prices of hundreds of symbols, of which only the newest counts, for readers of any speed."""
