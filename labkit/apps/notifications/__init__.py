"""Who is mentioned in a posted text, what of it was read, and a badge that says the same in all tabs."""
