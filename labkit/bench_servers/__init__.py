"""The servers that the bench measures, each a program of its own: it imports no more than it serves with."""
